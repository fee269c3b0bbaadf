"""The help texts in Vietnamese. In the code they stand in English; a test holds the two lists together."""

from typing import Any

from monitor.words import Language

VIETNAMESE: dict[str, str] = {
    "The counter's work instead of the agency's.": ("Việc của Bộ phận Một cửa, thay vì của cơ quan giải quyết."),
    "List what waits to be done for each letter, by the hour it must be out.": (
        "Liệt kê việc phải làm với từng phiếu, theo giờ phiếu phải đi."
    ),
    "The date on the slip, where no source gives one.": ("Ngày hẹn ghi trên giấy tiếp nhận, khi nguồn không cho."),
    "Open the letter of a dossier that owes none by itself: expected to be late, or in doubt.": (
        "Mở phiếu cho hồ sơ chưa tự đến lượt: dự kiến quá hạn, hoặc còn nghi vấn."
    ),
    "Mail the written notice to the one-stop unit; the step is taken when the mail server has it.": (
        "Gửi thông báo bằng thư điện tử cho Bộ phận Một cửa; ghi bước khi máy chủ thư đã nhận."
    ),
    "Mail the apology to the applicant; the letter is closed when the mail server has it.": (
        "Gửi lời xin lỗi bằng thư điện tử cho người nộp; phiếu xong khi máy chủ thư đã nhận."
    ),
    "Print a text to copy into the office's own SMS. Names nobody; nothing is sent or recorded.": (
        "In lời nhắn để chép vào tin SMS của đơn vị. Không nêu tên ai; không gửi, không ghi gì."
    ),
    "Report the register: numbers missing in a book, and numbers that bear an earlier day than the one before.": (
        "Báo cáo sổ đăng ký: số còn thiếu, và số ghi ngày sớm hơn số liền trước."
    ),
    'The number in the register; none where numbering = "internal".': (
        'Số trong sổ; không ghi nếu numbering = "internal".'
    ),
    "Watches administrative dossiers and tells who must act before they are late.": (
        "Theo dõi hồ sơ thủ tục hành chính và báo người phải xử lý trước khi quá hạn."
    ),
    "Name of the source.": ("Tên nguồn."),
    "A new folder for the recording.": ("Thư mục mới để giữ bản ghi."),
    "At most so many pages of the list.": ("Nhiều nhất bấy nhiêu trang danh sách."),
    "Record a little of what a source answers, persons and secrets replaced, to be looked into elsewhere.": (
        "Ghi lại một ít câu trả lời của nguồn, đã thay người và bí mật, để xem xét ở nơi khác."
    ),
    "A folder that `sources record` made.": ("Thư mục do `sources record` tạo."),
    "Read a recording again, offline: what its source would bring, and what is wrong with it.": (
        "Đọc lại một bản ghi mà không cần mạng: nguồn sẽ cho gì và sai ở đâu."
    ),
    "A table made by hand or exported: .csv, .xlsx, .xls, .ods.": (
        "Tệp bảng làm tay hoặc xuất ra: .csv, .xlsx, .xls, .ods."
    ),
    "Apply it: the mark that the preview printed.": ("Nhập thật: dấu mà lần xem trước đã in."),
    "Show what a table would change at a spreadsheet source; with --apply and the mark shown, change it.": (
        "Xem một tệp bảng sẽ thay đổi gì ở nguồn loại spreadsheet; với --apply và dấu đã in thì nhập thật."
    ),
    "A dossier at a source: its name, a colon, the code or key there.": (
        "Một hồ sơ tại một nguồn: tên nguồn, dấu hai chấm, mã hoặc khóa tại đó."
    ),
    "In a few words, for the log.": ("Lý do ngắn gọn, để ghi nhật ký."),
    "Show one source: its last readings, why they were not believed, and what to do about it.": (
        "Xem một nguồn: các lần đọc gần nhất, vì sao chưa tin và phải làm gì."
    ),
    "Take what a source says now as its new normal: so few dossiers, or rows without a field they used to have.": (
        "Chấp nhận điều nguồn đang nói: ít hồ sơ như vậy, hoặc các dòng thiếu một trường trước đây có."
    ),
    "Say that two systems show the same dossier: the first joins the second, whose duties stand.": (
        "Xác nhận hai hệ thống nói về cùng một hồ sơ: bên thứ nhất nhập vào bên thứ hai, nghĩa vụ bên sau giữ nguyên."
    ),
    "Say that a system shows another dossier than the rest of its group; both are judged again.": (
        "Xác nhận một hệ thống nói về hồ sơ khác với nhóm của nó; cả hai được xét lại."
    ),
    "The configuration file.": ("Tệp cấu hình."),
    "Language of the messages: vi or en.": ("Ngôn ngữ của thông báo: vi hoặc en."),
    "Print the version.": ("In phiên bản."),
    "Print JSON instead of tables.": ("In JSON thay cho bảng."),
    "Write a commented configuration file and its companions.": ("Ghi tệp cấu hình có chú thích và các tệp đi kèm."),
    "Where to put the files; made if it is not there.": ("Thư mục đặt các tệp; chưa có thì tạo."),
    "Overwrite files that are there.": ("Ghi đè tệp đã có."),
    "Check the configuration, then try each source and each channel without side effects.": (
        "Kiểm tra cấu hình, rồi thử từng nguồn, từng kênh mà không để lại tác động nào."
    ),
    "Only the files; ask no source and no channel.": ("Chỉ kiểm tra tệp; không hỏi nguồn và kênh nào."),
    "Run the whole job in front of you, against a sandbox with invented people.": (
        "Chạy trọn công việc trước mắt bạn, với dữ liệu và con người được bịa ra."
    ),
    "Where the demo keeps its files.": ("Nơi bản trình diễn đặt các tệp."),
    "How many dossiers to invent.": ("Bịa bao nhiêu hồ sơ."),
    "Which invented province.": ("Tỉnh bịa số mấy."),
    "Stay up, with the sandbox's clock sped up.": ("Chạy tiếp, đồng hồ của dữ liệu bịa chạy nhanh hơn."),
    "Run the daemon: read, judge, write letters, tell, show, until told to stop.": (
        "Chạy thường trực: đọc, xét, soạn văn bản, báo, hiển thị, cho đến khi được lệnh dừng."
    ),
    "Read the sources now and store what they say.": ("Đọc các nguồn ngay và lưu điều chúng nói."),
    "Names of sources; all without any.": ("Tên các nguồn; không ghi là tất cả."),
    "Read everything, not only what may have changed.": ("Đọc toàn bộ, không chỉ phần có thể đã thay đổi."),
    "Judge what is due. Before the last real judging this is a dry run: history is never written backwards.": (
        "Xét những hồ sơ đến lúc phải xét. Trước lần xét thật gần nhất thì chỉ tính thử: lịch sử không bị ghi ngược."
    ),
    "The moment to judge: 2026-11-23 or 2026-11-23T08:00.": ("Thời điểm để xét: 2026-11-23 hoặc 2026-11-23T08:00."),
    "Hide what was first heard after this moment (default: as --at).": (
        "Bỏ qua những gì biết sau thời điểm này (mặc định: như --at)."
    ),
    "Write nothing; say what would be written.": ("Không ghi gì; chỉ nói sẽ ghi gì."),
    "Judge a throw-away copy of the store.": ("Xét trên một bản sao dùng xong bỏ đi."),
    "List what is late and what will be, worst first.": ("Liệt kê hồ sơ quá hạn và sắp quá hạn, nặng nhất trước."),
    "Print letters in stacks of at most 100 with their list, each on its agency's printer or to files; record it.": (
        "In phiếu theo tập, mỗi tập nhiều nhất 100 phiếu kèm bảng kê, ra máy in của cơ quan hoặc ra tệp, và ghi lại."
    ),
    "Sign a registered letter electronically as PDF (PAdES) with a configured key, and show what a check says.": (
        "Ký số phiếu đã vào sổ thành PDF (PAdES) bằng khóa trong cấu hình, và cho xem kết quả kiểm tra chữ ký."
    ),
    "Whose key: head (the signer) or agency (the seal).": ("Khóa của ai: head (người ký) hoặc agency (dấu cơ quan)."),
    "Check the signatures of a PDF: whole, valid, trusted.": (
        "Kiểm tra chữ ký số của một tệp PDF: nguyên vẹn, hợp lệ, tin cậy."
    ),
    "A signed PDF.": ("Tệp PDF đã ký số."),
    "Write address labels for approved letters, printed or not: 24 on a sheet of A4.": (
        "Ghi nhãn địa chỉ cho phiếu đã duyệt, đã in hay chưa: 24 nhãn một tờ A4."
    ),
    "The file to write.": ("Tệp sẽ ghi."),
    "Write the notice to the one-stop unit that goes with a letter; it names the dossier, not the person.": (
        "Ghi văn bản thông báo cho Bộ phận Một cửa đi kèm phiếu; văn bản nêu hồ sơ, không nêu tên người nộp."
    ),
    "The file to write: .pdf or .docx.": ("Tệp sẽ ghi: .pdf hoặc .docx."),
    "Write every form with hard samples, in this office's wording and letterhead, with labels and list.": (
        "Ghi mọi mẫu với dữ liệu khó, theo lời văn và phần đầu của đơn vị, kèm nhãn và bảng kê."
    ),
    "With invented people; there is no other way yet.": ("Với người bịa; hiện chưa có cách khác."),
    "Folder for the files.": ("Thư mục đặt các tệp."),
    "Only letters approved, signed or registered today.": ("Chỉ phiếu được duyệt, ký hoặc vào sổ hôm nay."),
    "Also those that were printed already.": ("Cả những phiếu đã in."),
    "Also those whose words are not approved yet.": ("Cả những phiếu chưa duyệt lời văn."),
    "A CUPS printer, instead of the agency's own or of files.": ("Máy in CUPS, thay cho máy in của cơ quan hoặc tệp."),
    "Write files into this folder, whatever printers there are.": ("Ghi tệp vào thư mục này, dù có máy in nào."),
    "The print server, instead of the configured one.": ("Máy chủ in, thay cho máy chủ trong cấu hình."),
    "Who prints; this machine's user without it.": ("Người in; không ghi thì là người dùng của máy này."),
    "Only this agency and those below it.": ("Chỉ cơ quan này và các cơ quan bên dưới."),
    "Only this stage; may be repeated.": ("Chỉ giai đoạn này; được ghi nhiều lần."),
    "At most so many rows.": ("Nhiều nhất bấy nhiêu dòng."),
    "Explain one dossier: what was said, how the dates were counted, why this stage.": (
        "Giải thích một hồ sơ: các hệ thống nói gì, hạn tính thế nào, vì sao ở giai đoạn này."
    ),
    "Code of the dossier.": ("Mã hồ sơ."),
    "Count when a result is due, and how. JSON when asked for or when read by a program.": (
        "Tính hạn trả kết quả và nêu cách tính. In JSON khi được yêu cầu hoặc khi chương trình khác đọc."
    ),
    "When the dossier was received.": ("Thời điểm tiếp nhận hồ sơ."),
    'The time limit as the procedure states it: "5 ngày làm việc".': (
        'Thời hạn đúng như thủ tục ghi: "5 ngày làm việc".'
    ),
    "Take limit and counting rules of this procedure code.": ("Lấy thời hạn và cách tính của thủ tục có mã này."),
    "With --procedure: counter, online or post.": (
        "Kèm --procedure: counter (trực tiếp), online (trực tuyến) hoặc post (bưu chính)."
    ),
    "The day of reception is the first day.": ("Ngày tiếp nhận là ngày thứ nhất."),
    "Received after this time counts as the next working day.": (
        "Tiếp nhận sau giờ này tính sang ngày làm việc tiếp theo."
    ),
    "Received by this time is due the same day.": ("Tiếp nhận trước giờ này thì trả trong ngày."),
    "A working day is eight working hours from the minute of reception.": (
        "Một ngày làm việc là tám giờ làm việc kể từ phút tiếp nhận."
    ),
    "Show each source: how old its word is, what it last said, what was set aside.": (
        "Hiện từng nguồn: tin cũ bao lâu, lần cuối nói gì, dòng nào để riêng."
    ),
    "Also list the rows that were set aside.": ("Liệt kê cả những dòng để riêng."),
    "The working calendar: office hours, days off, make-up days.": (
        "Lịch làm việc: giờ làm việc, ngày nghỉ, ngày làm bù."
    ),
    "Show months: office hours, days off, make-up days and the documents behind them.": (
        "Hiện các tháng: giờ làm việc, ngày nghỉ, ngày làm bù và căn cứ."
    ),
    "A month (2026-11) or a year (2027).": ("Một tháng (2026-11) hoặc một năm (2027)."),
    "The last month, where several are meant.": ("Tháng cuối, nếu xem nhiều tháng."),
    "The calendar of this agency.": ("Lịch của cơ quan này."),
    "By the calendar of this agency.": ("Theo lịch của cơ quan này."),
    "Only days off, make-up days and others that differ from their weekday.": (
        "Chỉ ngày nghỉ, ngày làm bù và những ngày khác với ngày thường trong tuần."
    ),
    "The new calendar file.": ("Tệp lịch mới."),
    "The time limits of procedures.": ("Thời hạn giải quyết của các thủ tục."),
    "The new file of time limits.": ("Tệp thời hạn mới."),
    "Say what a new file of time limits would move among open dossiers. Writes nothing.": (
        "Cho biết tệp thời hạn mới sẽ làm thay đổi những hồ sơ đang mở nào. Không ghi gì."
    ),
    "Only this procedure.": ("Chỉ thủ tục này."),
    "Another file than the configured one.": ("Tệp khác với tệp đã cấu hình."),
    "Show what became of each row of the file of time limits: counts by reason, or the rows of one procedure.": (
        "Cho biết từng dòng của tệp thời hạn thành gì: đếm theo lý do, hoặc các dòng của một thủ tục."
    ),
    "Say what a new calendar file would move: counted dates, letter days, what becomes late. Writes nothing.": (
        "Nói tệp lịch mới sẽ làm thay đổi gì: hạn tự tính, ngày gửi văn bản xin lỗi, hồ sơ thành quá hạn. Không ghi gì."
    ),
    "Do what `preview` says and put the file in the place of the configured one. Not while the daemon runs.": (
        "Làm đúng như `preview` đã nói và đặt tệp vào chỗ tệp lịch đã cấu hình. Không dùng khi tiến trình đang chạy."
    ),
    "Instead: where promised dates differ from our own count, and why.": (
        "Thay vào đó: nơi ngày hẹn trả khác hạn tự tính, và vì sao."
    ),
    "An .ics or .csv file of days.": ("Tệp .ics hoặc .csv ghi các ngày."),
    "Write the rows to this new file instead of printing them.": ("Ghi các dòng ra tệp mới này thay cho in ra."),
    "Turn days off from .ics or .csv into rows for the calendar file. Applies nothing: read them, then `preview`.": (
        "Chuyển ngày nghỉ trong tệp .ics hoặc .csv thành dòng của tệp lịch. Không áp dụng gì: xem lại rồi `preview`."
    ),
    "Why, kept in the log: the decision behind it.": ("Lý do, lưu vào nhật ký: văn bản làm căn cứ."),
    "Letters of apology: list, draft, show, write files, record their life.": (
        "Văn bản xin lỗi: liệt kê, soạn, xem, ghi tệp, ghi các bước."
    ),
    "List the letters that somebody still has to do something about.": ("Liệt kê văn bản còn việc phải làm."),
    "Word the letters that are owed, on fresh evidence only, and write their files.": (
        "Soạn các văn bản phải có, chỉ khi dữ liệu còn mới, và ghi tệp."
    ),
    "Write the PDF and DOCX files too.": ("Ghi cả tệp PDF và DOCX."),
    "Show the words of one letter. Holds personal data: for the person who works on it.": (
        "Hiện lời của một văn bản. Có dữ liệu cá nhân: chỉ dành cho người đang xử lý."
    ),
    "Code of the dossier, or number of the letter.": ("Mã hồ sơ, hoặc số của văn bản."),
    "Write the files of drafted letters again.": ("Ghi lại tệp của các văn bản đã soạn."),
    "Codes of dossiers or numbers of letters; all without any.": ("Mã hồ sơ hoặc số của văn bản; không ghi là tất cả."),
    "Folder for the files, instead of the configured one.": ("Thư mục đặt tệp, thay cho thư mục trong cấu hình."),
    "pdf or docx; both without it.": ("pdf hoặc docx; không ghi là cả hai."),
    "Who does this: name or code of the official.": ("Ai làm việc này: tên hoặc mã cán bộ."),
    "What proves it; nothing of the applicant's person.": ("Bằng chứng; không ghi dữ liệu cá nhân của người dân."),
    "A word why; nothing of the applicant's person.": ("Vì sao; không ghi dữ liệu cá nhân của người dân."),
    "In what capacity: head, KT., TL. or TUQ.": ("Tư cách ký: head (người đứng đầu), KT., TL. hoặc TUQ."),
    "Why the result is late, as the letter says it.": ("Lý do chậm trả kết quả, đúng như ghi trên phiếu."),
    "The new return date: 2026-12-01.": ("Ngày hẹn trả mới: 2026-12-01."),
    "Set the reason and the new date of a drafted letter.": ("Ghi lý do và ngày hẹn mới cho phiếu đã soạn."),
    "The signer's own title, as printed.": ("Chức vụ của người ký, như in trên phiếu."),
    "The signer's name, as printed.": ("Họ tên người ký, như in trên phiếu."),
    "Approve the words of a letter: they stay as they are from here on.": (
        "Duyệt lời phiếu: từ đây lời phiếu không đổi nữa."
    ),
    "Who signed; whoever does this, without it.": ("Ai đã ký; không ghi thì là người làm việc này."),
    "Record that a person signed the letter.": ("Ghi nhận phiếu đã được ký."),
    "The day the letter bears: 2026-11-23.": ("Ngày ghi trên phiếu: 2026-11-23."),
    "The symbol after the number.": ("Ký hiệu sau số."),
    "The book it is registered in.": ("Sổ đăng ký."),
    "Record the number, symbol and date that the registry gave the letter.": (
        "Ghi số, ký hiệu, ngày mà văn thư đã cấp cho phiếu."
    ),
    "Record that the one-stop unit has the written notice.": (
        "Ghi nhận Bộ phận Một cửa đã nhận thông báo bằng văn bản."
    ),
    "Record the counter clerk's word that the date is changed, where the system cannot show it.": (
        "Ghi lời cán bộ một cửa rằng ngày hẹn đã được đổi, khi hệ thống không cho thấy."
    ),
    "How: email, sms, phone, printed, social or post.": (
        "Cách báo: email, sms, phone (điện thoại), printed (trao tận tay), social (mạng xã hội), post (bưu điện)."
    ),
    "Record that the applicant was told, which closes the letter.": ("Ghi nhận đã báo người dân; phiếu xong."),
    "Take a signed letter back before it reaches the applicant; its number stays used.": (
        "Hủy phiếu đã ký khi chưa đến tay người dân; số đã cấp không dùng lại."
    ),
    "Begin a voided letter anew, as a draft.": ("Làm lại phiếu đã hủy, từ bản dự thảo."),
    "Confirm that a letter held back by a doubt may go.": ("Xác nhận phiếu đang tạm treo được đi tiếp."),
    "Show every step of a dossier's letters: who, when, what.": ("Hiện mọi bước của phiếu: ai, lúc nào, việc gì."),
    "Check that nothing in the log, the letters and their register was altered. Keep the printed head elsewhere.": (
        "Kiểm tra nhật ký, phiếu và sổ đăng ký có bị sửa không. Nên lưu dòng mã đầu chuỗi ở nơi khác."
    ),
    "Alerts to officials: what waits, what is planned, send.": ("Báo cho cán bộ: tin đang chờ, tin dự kiến, gửi."),
    "List what is owed and not yet told: notices, and messages on their way.": (
        "Liệt kê việc phải báo mà chưa báo: thông báo và tin đang đi."
    ),
    "Show the whole ladder of one dossier: when each rung comes, and who would be told. Sends nothing.": (
        "Hiện bậc thang của một hồ sơ: bậc nào đến lúc nào, báo cho ai. Không gửi gì."
    ),
    "Plan what is owed and send what may go now. Not while the daemon runs: it does this by itself.": (
        "Lên tin những gì phải báo và gửi tin đi được ngay. Không dùng khi dunghen run đang chạy: nó tự làm việc này."
    ),
    "Take a dossier on, with the day by which it will be done. Not done by then: the next rung is told.": (
        "Nhận xử lý một hồ sơ, hẹn ngày xong. Đến ngày chưa xong thì báo lên bậc cao hơn."
    ),
    "Put the alerts about a dossier off. What was held back is told when that ends.": (
        "Hoãn nhắc về một hồ sơ. Hết hạn hoãn thì báo lại những gì đã giữ."
    ),
    "Code of the person in the people file.": ("Mã người trong tệp con người."),
    "The day by which it will be done: 2026-11-27.": ("Ngày hẹn xong: 2026-11-27."),
    "It is solved already; the source is behind.": ("Đã giải quyết xong, nguồn chưa cập nhật."),
    "To the end of this day; without it as long as the post may.": (
        "Đến hết ngày này; không ghi thì lâu nhất mà chức vụ được phép."
    ),
    "From this moment: 2026-11-01.": ("Từ thời điểm này: 2026-11-01."),
    "Up to this moment: 2026-12-01.": ("Đến thời điểm này: 2026-12-01."),
    "Live through a stretch of time on a copy and show what would go out. Sends nothing.": (
        "Chạy một quãng thời gian trên bản sao và cho xem tin sẽ gửi. Không gửi gì."
    ),
    "Only this dossier.": ("Chỉ hồ sơ này."),
    "Let ladders that began go on by the rungs of today. Without this an edit is for new ladders only.": (
        "Cho bậc thang đã bắt đầu đi theo cấu hình hôm nay. Không có lệnh này thì sửa đổi chỉ áp cho hồ sơ mới."
    ),
    "The workbook to write.": ("Sổ tính sẽ ghi."),
    "Write a workbook to fill in: agencies, people, posts, leaves, substitutions.": (
        "Ghi một sổ tính để điền: cơ quan, con người, chức vụ, nghỉ phép, ủy quyền."
    ),
    "The workbook or TOML file to take in.": ("Sổ tính hoặc tệp TOML sẽ nhận."),
    "Write it; without this only show what would change.": ("Ghi thật; không có thì chỉ cho xem thay đổi."),
    "Check a file of people, show what it changes, and with --apply put it in place. The old file stays beside it.": (
        "Kiểm tra tệp con người, cho xem thay đổi, và với --apply thì đưa vào dùng. Tệp cũ được giữ lại bên cạnh."
    ),
    "How many days ahead.": ("Bao nhiêu ngày tới."),
    "Find rungs of the next days that would reach nobody, or only somebody further up. Ends with 4 when nobody.": (
        "Tìm bậc sắp tới không báo được cho ai, hoặc chỉ báo được cấp trên. Mã thoát 4 khi không có ai."
    ),
    "Agencies, people and posts.": ("Cơ quan, con người, chức vụ."),
    "List agencies as a tree, and people with the channels that reach them.": (
        "Liệt kê cây cơ quan, và con người cùng các kênh báo được cho họ."
    ),
    "Say who holds a role at an agency on a day, there or at the nearest agency above.": (
        "Nói ai giữ một vai trò tại cơ quan vào một ngày, ở đó hoặc ở cấp trên gần nhất."
    ),
    "Tie a person to a Telegram chat: print a one-time code, and confirm the chat that brought it to the bot.": (
        "Gắn một người với tài khoản Telegram: in mã dùng một lần, rồi xác nhận tài khoản đã mang mã đến cho bot."
    ),
    "Name of the channel: telegram, email, sms …": ("Tên kênh: telegram, email, sms …"),
    "Send a person a message that says it is a test, on one channel, and show what became of it.": (
        "Gửi cho một người một tin ghi rõ là tin thử, trên một kênh, và cho biết kết quả."
    ),
    "List the addresses that take no alerts any more, with the reason; or let one have them again.": (
        "Liệt kê địa chỉ không nhận tin được nữa kèm lý do; hoặc cho một địa chỉ nhận lại."
    ),
    "Let this address have alerts again.": ("Cho địa chỉ này nhận tin lại."),
    "Print the secret address of a calendar of due dates for a post, to be subscribed to on a phone.": (
        "In địa chỉ bí mật của lịch hạn trả theo chức vụ, để đăng ký trên điện thoại."
    ),
    "The role of the post.": ("Vai trò của chức vụ."),
    "The agency of the post.": ("Cơ quan của chức vụ."),
    "End every calendar of this person.": ("Ngừng mọi lịch của người này."),
    "Confirm the chat that brought the code.": ("Xác nhận tài khoản đã mang mã đến."),
    "End the person's link.": ("Gỡ tài khoản đã gắn."),
    "The role, as in `tell`: agency_head.": ("Vai trò, như trong `tell`: agency_head."),
    "Code of the agency.": ("Mã cơ quan."),
    "On this day: 2026-11-23.": ("Vào ngày này: 2026-11-23."),
    "The store: upgrade, backup, restore.": ("Cơ sở dữ liệu: nâng cấp, sao lưu, khôi phục."),
    "Bring the store's schema up to this program's.": ("Nâng lược đồ cơ sở dữ liệu lên bằng chương trình này."),
    "Copy the store to a file, whole, while the daemon goes on.": (
        "Sao cơ sở dữ liệu ra một tệp, trọn vẹn, trong lúc tiến trình vẫn chạy."
    ),
    "The copy; without it one in data_dir/backups.": ("Bản sao; không ghi thì đặt trong data_dir/backups."),
    "Put a copy in the store's place. What was there stays beside it. Not while the daemon runs.": (
        "Đưa một bản sao vào thay; dữ liệu đang có được giữ lại bên cạnh. Không dùng khi tiến trình đang chạy."
    ),
    "A copy made by `dunghen db backup`.": ("Bản sao do `dunghen db backup` tạo."),
    "Accounts: who may sign in to the pages, and with which role.": (
        "Tài khoản: ai được đăng nhập trang web, với vai trò nào."
    ),
    "List the accounts: roles, second factor, last sign-in, locked or not.": (
        "Liệt kê tài khoản: vai trò, mã hai bước, lần đăng nhập cuối, có bị khóa không."
    ),
    "The name typed at sign-in.": ("Tên gõ khi đăng nhập."),
    "ROLE@AGENCY, as often as needed; * is every agency. See docs/sysadmin.md for the roles.": (
        "VAI_TRÒ@CƠ_QUAN, ghi nhiều lần được; * là mọi cơ quan. Các vai trò: xem docs/sysadmin.md."
    ),
    "What the province's SSO calls this person: no password is made.": (
        "Tên của người này ở hệ thống đăng nhập một lần: không tạo mật khẩu."
    ),
    "Make an account with a one-time password, shown once; or, with --sso, one without a password.": (
        "Tạo tài khoản với mật khẩu dùng một lần, chỉ hiện một lần; có --sso thì không có mật khẩu."
    ),
    "Replace an account's roles; they count from the next page on.": (
        "Thay vai trò của tài khoản; có hiệu lực từ trang kế tiếp."
    ),
    "Also forget the second factor: the phone is lost.": ("Bỏ cả mã hai bước: khi mất điện thoại."),
    "Give an account a new one-time password, shown once; it is signed out everywhere and unlocked.": (
        "Cấp mật khẩu dùng một lần mới, chỉ hiện một lần; đăng xuất mọi nơi và mở khóa."
    ),
    "Shut an account and sign it out everywhere, at once; its tokens stop too.": (
        "Khóa tài khoản và đăng xuất mọi nơi ngay; mã API của nó cũng dừng."
    ),
    "Open a locked account again, or one that waits after wrong tries.": (
        "Mở khóa tài khoản, hoặc bỏ thời gian chờ sau nhiều lần gõ sai."
    ),
    "What the token is for; also the name to revoke it by.": ("Mã dùng cho việc gì; cũng là tên để thu hồi."),
    "What it may do, of what the account may: see_dossiers, see_figures, see_metrics …": (
        "Được làm gì, trong các quyền của tài khoản: see_dossiers, see_figures, see_metrics …"
    ),
    "How long it works.": ("Dùng được bao nhiêu ngày."),
    "Make a token for a program that asks the API in an account's name. It is shown once.": (
        "Tạo mã cho chương trình gọi API thay một tài khoản. Chỉ hiện một lần."
    ),
    "The label the token was made with.": ("Nhãn đã ghi khi tạo mã."),
    "End the tokens of an account that have this label.": ("Thu hồi các mã của tài khoản mang nhãn này."),
}


def in_language(command: Any, language: Language) -> None:
    """Puts Vietnamese help into a command tree. What has no translation stays as it is."""
    if language != "vi":
        return
    for attribute in ("help", "short_help"):
        text = getattr(command, attribute, None)
        if text:
            setattr(command, attribute, VIETNAMESE.get(text.strip(), text))
    for parameter in getattr(command, "params", []):
        text = getattr(parameter, "help", None)
        if text:
            parameter.help = VIETNAMESE.get(text.strip(), text)
    for child in getattr(command, "commands", {}).values():
        in_language(child, language)
