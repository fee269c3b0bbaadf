"""What the bot says, in administrative Vietnamese. Nothing here names a citizen; values are put in escaped."""

STRANGER = (
    "Chào anh/chị. Đây là kênh cảnh báo hồ sơ thủ tục hành chính của Đúng Hẹn.\n"
    "Tài khoản này chưa gắn với cán bộ nào nên chưa xem được hồ sơ.\n"
    "Mã trò chuyện của anh/chị: <code>{user}</code>\n"
    "Đề nghị lấy mã gắn tài khoản (trên trang của Đúng Hẹn hoặc từ quản trị hệ thống) rồi gửi: /start MÃ"
)
KNOWN = "Chào anh/chị. Tài khoản này đã gắn với cán bộ <b>{person}</b>. Gửi /trogiup để xem các lệnh."
HELP = (
    "Đúng Hẹn báo cho người có trách nhiệm khi hồ sơ sắp đến hạn, quá hạn hoặc cần thư xin lỗi.\n\n"
    "/homnay – hồ sơ đến hạn hôm nay và sắp đến hạn của đơn vị\n"
    "/trehan – hồ sơ đang quá hạn của đơn vị\n"
    "/hoso MÃ – tình trạng một hồ sơ, kèm nút trả lời\n"
    "/nhan MÃ NGÀY LÝ DO – nhận xử lý, hẹn ngày xong\n"
    "   ví dụ: /nhan H19.1-261101-0001 25/11 đang chờ ký\n"
    "/hoan MÃ NGÀY LÝ DO – hoãn nhắc đến hết ngày đó\n"
    "/trogiup – hướng dẫn này\n\n"
    "Tin nhắn chỉ có mã hồ sơ, cơ quan và ngày; không có thông tin của người dân."
)
GROUP_ONLY_BUTTONS = "Đề nghị nhắn riêng cho bot; trong nhóm chỉ dùng được các nút dưới tin cảnh báo."
CODE_BROUGHT = (
    "Đã nhận mã của cán bộ <b>{person}</b>. Còn một bước: xác nhận tài khoản Telegram “{name}” trên trang của "
    "Đúng Hẹn, hoặc nhờ quản trị hệ thống xác nhận. Chưa xác nhận thì chưa nhận được cảnh báo."
)
CODE_REFUSED = {
    "unknown": "Mã này không đúng. Đề nghị lấy mã mới.",
    "used": "Mã này đã dùng. Mỗi mã chỉ dùng một lần, đề nghị lấy mã mới.",
    "expired": "Mã này đã quá 10 phút nên hết hiệu lực. Đề nghị lấy mã mới.",
}
NO_SUCH_DOSSIER = "Không có hồ sơ {code} trong phạm vi đơn vị anh/chị phụ trách."
WHICH_DOSSIER = "Đề nghị ghi mã hồ sơ, ví dụ: /hoso H19.1-261101-0001"
HOW_TO_TAKE = "Đề nghị ghi đủ mã, ngày hẹn xong và lý do, ví dụ: /nhan H19.1-261101-0001 25/11 đang chờ ký"
HOW_TO_PUT_OFF = "Đề nghị ghi đủ mã, ngày và lý do, ví dụ: /hoan H19.1-261101-0001 25/11 chờ cơ quan phối hợp"
NOTHING_TODAY = "Không có hồ sơ nào đến hạn hôm nay hay sắp đến hạn tại đơn vị anh/chị phụ trách ({at})."
NOTHING_LATE = "Không có hồ sơ nào đang quá hạn tại đơn vị anh/chị phụ trách ({at})."
MORE = "… và {rest} hồ sơ nữa: xem trên trang {link}"
SILENT = "⚫ Chưa đọc được nguồn {sources}: các con số có thể chưa đủ."
TAKEN = "Đã ghi nhận: nhận xử lý {code}, hẹn xong {day}. Đến hết ngày đó chưa có kết quả thì báo lên cấp trên."
PUT_OFF = "Đã ghi nhận: hoãn nhắc {code} đến hết {day}."
SOLVED = "Đã ghi nhận: {code} đã giải quyết xong. Đến hết {day} hệ thống nguồn chưa cập nhật thì nhắc lại."
NOT_OURS = "Nút này không còn dùng được. Gửi /hoso MÃ để trả lời hồ sơ."
USED = "Nút này đã dùng rồi."
NOT_LINKED = "Tài khoản này chưa gắn với cán bộ nào. Nhắn riêng cho bot: /start"
GONE = "Không còn hồ sơ này trong phạm vi anh/chị phụ trách."
NOT_UNDERSTOOD = "Chưa hiểu lệnh này. Gửi /trogiup để xem các lệnh."
# What can be said by pressing; anything else by /nhan and /hoan with a text.
REASONS_TAKEN = ("Đang xử lý", "Chờ cơ quan phối hợp", "Chờ ký, đóng dấu", "Chờ người dân bổ sung")
REASONS_OFF = ("Chờ cơ quan phối hợp", "Chờ ý kiến cấp trên", "Đang làm văn bản xin lỗi")
REASON_SOLVED = "Đã giải quyết xong, hệ thống nguồn chưa cập nhật"
