"""Each line of connectors.md §11 and the tests that hold it; `test_cases.py` checks that the table is whole."""

CASES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "HTTP 203 is no success",
        ("tests/conformance/test_opencps.py::TestOpencps::test_01_not_signed_in_is_never_an_empty_list",),
    ),
    2: (
        "403 for every failure",
        (
            "tests/conformance/test_opencps.py::TestOpencps::test_02_403_is_asked_again_once",
            "tests/conformance/test_opencps.py::TestOpencps::test_02_403_that_stays_is_an_outage",
        ),
    ),
    3: (
        "a guest's view is no fact",
        (
            "tests/conformance/test_igate.py::TestIgate::test_03_no_rows_at_all_is_refused",
            "tests/conformance/test_opencps.py::TestOpencps::test_03_guest_with_no_rows_is_refused",
            "tests/conformance/test_opencps.py::TestOpencps::test_03_guest_with_a_few_rows_is_refused_where_we_know_better",
            "tests/conformance/test_opencps.py::TestOpencps::test_03_wrong_group_is_told_apart_from_an_empty_site",
        ),
    ),
    4: (
        "failure with HTTP 200",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_04_failure_with_200_is_never_an_empty_list",
            "tests/conformance/test_dvcqg.py::TestByCode::test_04_a_failure_of_one_dossier_sets_only_it_aside",
            "tests/conformance/test_rest.py::TestRest::test_04_failure_with_200",
            "tests/conformance/test_td.py::TestTd::test_04_failure_with_200",
        ),
    ),
    5: (
        "success in its spellings",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_05_47_success_in_its_spellings_under_both_roots",
            "tests/conformance/test_dvcqg.py::TestByCode::test_05_success_codes_are_a_setting",
            "tests/conformance/test_rest.py::TestRest::test_05_success_in_any_of_its_spellings",
        ),
    ),
    6: (
        "a page for people, a redirect",
        (
            "tests/conformance/suite.py::Conformance::test_06_html_with_200_is_named",
            "tests/conformance/suite.py::Conformance::test_06_sign_in_page_with_200_is_named",
            "tests/conformance/suite.py::Conformance::test_06_redirect_to_another_host_is_not_followed",
            "tests/conformance/suite.py::Conformance::test_06_redirect_to_a_listed_host_is_followed",
        ),
    ),
    7: (
        "plain text, nothing, null",
        ("tests/conformance/suite.py::Conformance::test_07_no_envelope_is_never_an_empty_list",),
    ),
    8: (
        "marks, charsets, JSON in JSON",
        (
            "tests/conformance/suite.py::Conformance::test_08_bom_and_wrong_labels_are_read_as_utf8",
            "tests/conformance/suite.py::Conformance::test_08_another_charset_spoils_names_not_the_judgement",
            "tests/conformance/test_spreadsheet.py::test_08_with_and_without_bom",
            "tests/conformance/test_spreadsheet.py::test_08_cp1258_of_old_programs",
        ),
    ),
    9: (
        "a session that ends between two pages",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_09_a_session_that_ends_between_two_calls",
            "tests/conformance/test_dvcqg.py::TestByCode::test_09_a_session_that_never_holds_is_no_loop",
            "tests/conformance/test_dvcqg.py::TestByCode::test_09_a_session_that_does_not_exist_is_no_missing_dossier",
            "tests/conformance/test_dvcqg.py::TestByCode::test_09_refusal_by_status_also_signs_in_once_more",
        ),
    ),
    10: (
        "no secret in errors and logs",
        (
            "tests/conformance/suite.py::Conformance::test_10_no_secret_in_any_error",
            "tests/conformance/test_dvcqg.py::TestByCode::test_10_the_session_travels_in_the_body_only",
            "tests/conformance/test_sql.py::TestSql::test_10_no_error_quotes_a_row_or_an_address",
        ),
    ),
    11: (
        "quotas",
        (
            "tests/conformance/suite.py::Conformance::test_11_too_many_requests_in_seconds",
            "tests/conformance/suite.py::Conformance::test_11_too_many_requests_until_a_date",
            "tests/conformance/suite.py::Conformance::test_11_a_short_wait_is_kept_and_then_goes_on",
            "tests/conformance/test_dvcqg.py::TestByCode::test_11_daily_quota_with_200",
        ),
    ),
    12: (
        "time-outs and broken connections",
        (
            "tests/conformance/suite.py::Conformance::test_12_server_errors_are_tried_again_and_then_reported",
            "tests/conformance/suite.py::Conformance::test_12_one_bad_moment_costs_nothing",
            "tests/conformance/suite.py::Conformance::test_12_no_answer_in_time",
            "tests/conformance/suite.py::Conformance::test_12_connection_that_breaks_midway",
        ),
    ),
    13: (
        "dstcode and providerurl",
        ("tests/conformance/test_dvcqg.py::TestByCode::test_13_dstcode_in_query_or_header_and_provider_encoded",),
    ),
    14: (
        "TLS by setting only",
        (
            "tests/connectors/test_http.py::test_14_tls_is_checked_unless_a_source_says_otherwise",
            "tests/connectors/test_http.py::test_14_https_is_not_left_for_http",
        ),
    ),
    15: (
        "never without an end",
        (
            "tests/conformance/test_opencps.py::TestOpencps::test_15_never_asks_without_an_end",
            "tests/conformance/test_opencps.py::TestOpencps::test_15_a_server_that_ignores_the_page_and_gives_all",
        ),
    ),
    16: (
        "total and rows disagree",
        (
            "tests/conformance/test_igate.py::TestIgate::test_16_clearly_fewer_rows_than_the_total",
            "tests/conformance/test_opencps.py::TestOpencps::test_16_every_row_once_whatever_the_page_breaks",
            "tests/conformance/test_opencps.py::TestOpencps::test_16_a_total_that_lies_a_little_or_low",
            "tests/conformance/test_opencps.py::TestOpencps::test_16_clearly_fewer_rows_than_the_total",
        ),
    ),
    17: (
        "pages that drift",
        (
            "tests/conformance/test_opencps.py::TestOpencps::test_17_a_row_deleted_between_two_pages_loses_nobody",
            "tests/conformance/test_opencps.py::TestOpencps::test_17_more_rows_deleted_than_pages_overlap",
            "tests/conformance/test_opencps.py::TestOpencps::test_17_rows_inserted_between_two_pages_double_nothing_new",
            "tests/conformance/test_sql.py::TestSql::test_17_rows_that_come_and_go_between_two_pages_shift_nothing",
        ),
    ),
    18: (
        "never paged by a text of a date",
        ("tests/conformance/test_siblings.py::test_18_never_pages_by_a_text_of_a_date",),
    ),
    19: (
        "every way of paging",
        (
            "tests/conformance/test_igate.py::TestIgate::test_19_pages_and_slices",
            "tests/conformance/test_rest.py::TestRest::test_19_every_way_of_paging_reads_all",
            "tests/conformance/test_rest.py::TestRest::test_19_a_server_that_gives_fewer_rows_than_asked_for",
            "tests/conformance/test_rest.py::TestRest::test_19_one_answer_without_pages",
        ),
    ),
    20: (
        "the same page for ever, null past the end",
        (
            "tests/conformance/test_igate.py::TestIgate::test_20_the_same_page_for_ever",
            "tests/conformance/test_opencps.py::TestOpencps::test_20_the_same_page_for_ever",
            "tests/conformance/test_opencps.py::TestOpencps::test_20_a_list_without_end",
            "tests/conformance/test_rest.py::TestRest::test_20_the_same_page_for_ever",
        ),
    ),
    21: (
        "filters that are ignored",
        (
            "tests/conformance/test_dvcqg.py::TestByList::test_21_rows_outside_the_window_are_left_out",
            "tests/conformance/test_opencps.py::TestOpencps::test_21_a_filter_that_is_ignored",
            "tests/conformance/test_opencps.py::TestOpencps::test_21_rows_outside_the_window_are_left_out",
            "tests/conformance/test_td.py::TestTd::test_21_a_filter_that_is_ignored_costs_one_reading_of_the_list",
        ),
    ),
    22: (
        "contains is not equals",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_22_another_dossier_than_the_one_asked_for",
            "tests/conformance/test_igate.py::TestIgate::test_22_lookup_takes_equal_codes_only",
            "tests/conformance/test_opencps.py::TestOpencps::test_22_lookup_takes_equal_codes_only",
            "tests/conformance/test_opencps.py::TestOpencps::test_22_lookup_of_a_code_nobody_has",
        ),
    ),
    23: (
        "absent is not closed",
        ("tests/conformance/test_opencps.py::TestOpencps::test_23_a_deleted_dossier_is_absent_not_closed",),
    ),
    24: (
        "windows by reception",
        (
            "tests/conformance/test_dvcqg.py::TestByList::test_24_windows_cover_every_day_once",
            "tests/conformance/test_igate.py::TestIgate::test_24_changes_are_open_ones_and_the_last_changed",
            "tests/conformance/test_opencps.py::TestOpencps::test_24_changes_are_open_ones_and_what_began_or_ended",
            "tests/conformance/test_sql.py::TestSql::test_24_changes_are_what_changed_since",
        ),
    ),
    25: (
        "formats by source and field",
        (
            "tests/conformance/records.py::RecordConformance::test_25_31_promise_that_cannot_be_read_sets_its_row_aside",
            "tests/conformance/suite.py::Conformance::test_25_a_promise_of_another_type_sets_its_row_aside",
            "tests/conformance/test_dvcqg.py::TestByCode::test_25_formats_of_the_family",
            "tests/conformance/test_dvcqg.py::TestByCode::test_25_a_field_may_have_its_own_formats",
        ),
    ),
    26: (
        "day and month swapped",
        (
            "tests/conformance/records.py::RecordConformance::test_26_day_and_month_swapped_everywhere_stops_the_reading",
            "tests/conformance/test_spreadsheet.py::test_26_both_readings_of_a_date_are_no_setting",
            "tests/conformance/test_td.py::TestTd::test_26_a_site_that_writes_the_day_first_is_found_out",
            "tests/conformance/test_td.py::TestTd::test_26_both_orders_for_one_field_are_refused_as_a_setting",
        ),
    ),
    27: (
        "every way of saying no date",
        (
            "tests/conformance/records.py::RecordConformance::test_27_32_no_promise_is_a_fact_not_an_error",
            "tests/conformance/records.py::RecordConformance::test_27_32_absent_key_is_no_promise",
            "tests/conformance/suite.py::Conformance::test_27_32_nothing_without_quotes",
            "tests/conformance/test_workbook.py::test_27_no_promise_is_a_fact",
        ),
    ),
    28: (
        "the zone of unmarked instants",
        (
            "tests/conformance/records.py::RecordConformance::test_28_wall_clock_is_the_sources_zone",
            "tests/conformance/test_siblings.py::test_28_a_source_in_utc_without_a_mark_says_so_in_its_settings",
            "tests/connectors/test_dates.py::test_28_the_machines_zone_does_not_matter",
        ),
    ),
    29: (
        "a promise without hour",
        (
            "tests/conformance/records.py::RecordConformance::test_29_promise_without_hour_is_marked",
            "tests/connectors/test_dates.py::test_29_a_day_is_known_as_a_day",
            "tests/connectors/test_dates.py::test_29_midnight_here_written_in_utc",
        ),
    ),
    30: (
        "offset without colon, 3 and 7 digits",
        (
            "tests/conformance/test_igate.py::TestIgate::test_30_offset_without_colon",
            "tests/connectors/test_dates.py::test_25_30_one_instant_in_many_spellings",
        ),
    ),
    31: (
        "absurd values",
        (
            "tests/conformance/records.py::RecordConformance::test_25_31_promise_that_cannot_be_read_sets_its_row_aside",
            "tests/conformance/test_foreign_books.py::test_31_a_promise_that_cannot_be_read_sets_its_row_aside",
            "tests/conformance/test_spreadsheet.py::test_25_31_a_promise_that_cannot_be_read",
            "tests/conformance/test_workbook.py::test_31_a_promise_that_cannot_be_read_sets_its_row_aside",
        ),
    ),
    32: (
        "no promise",
        (
            "tests/conformance/records.py::RecordConformance::test_27_32_no_promise_is_a_fact_not_an_error",
            "tests/conformance/records.py::RecordConformance::test_27_32_absent_key_is_no_promise",
            "tests/conformance/suite.py::Conformance::test_27_32_nothing_without_quotes",
            "tests/conformance/test_igate.py::TestIgate::test_32_no_date_can_be_promised",
        ),
    ),
    33: (
        "the promise moves",
        ("tests/conformance/test_dvcqg.py::TestByCode::test_33_the_new_promise_of_a_supplement",),
    ),
    34: (
        "the promise does not move though it should",
        (
            "tests/conformance/test_siblings.py::test_34_a_system_that_still_shows_the_date_from_before_an_extension_lags_and_contradicts_nothing",
        ),
    ),
    35: (
        "extendDate released early",
        ("tests/conformance/test_opencps.py::TestOpencps::test_35_extension_only_when_later",),
    ),
    36: (
        "reopening",
        (
            "tests/conformance/test_opencps.py::TestOpencps::test_36_reopened_dossier_has_no_finish",
            "tests/conformance/test_td.py::TestTd::test_36_an_end_left_over_from_before_a_reopening_does_not_count",
        ),
    ),
    37: (
        "a finish that looks made up",
        ("tests/conformance/test_siblings.py::test_37_a_finish_that_looks_made_up_is_flagged",),
    ),
    38: (
        "pauses in lockState",
        ("tests/conformance/test_opencps.py::TestOpencps::test_38_a_lock_pauses_what_runs_and_reopens_nothing",),
    ),
    39: (
        "a masked 9",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_39_a_site_that_masks_its_pauses_can_say_that_9_proves_nothing",
        ),
    ),
    40: (
        "swapped and unknown codes",
        (
            "tests/conformance/records.py::RecordConformance::test_40_unknown_status_stays_unknown",
            "tests/conformance/records.py::RecordConformance::test_40_a_site_may_name_its_own_states",
            "tests/conformance/test_dvcqg.py::TestByCode::test_40_the_ten_codes_and_one_more",
            "tests/conformance/test_igate.py::TestIgate::test_40_42_by_id_then_by_name",
        ),
    ),
    41: (
        "TrangThaiHoSo text or code",
        ("tests/conformance/test_dvcqg.py::TestByCode::test_41_status_as_code_or_as_text_under_one_name",),
    ),
    42: (
        "dictionary text",
        (
            "tests/conformance/records.py::RecordConformance::test_42_text_is_composed_and_spaced_once",
            "tests/conformance/suite.py::Conformance::test_42_control_characters_are_no_text",
            "tests/conformance/test_igate.py::TestIgate::test_40_42_by_id_then_by_name",
        ),
    ),
    43: (
        "statistics are no evidence",
        ("tests/conformance/test_siblings.py::test_43_what_a_system_counts_itself_is_no_evidence",),
    ),
    44: (
        "other ids",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_44_the_receipt_is_an_alternate",
            "tests/conformance/test_igate.py::TestIgate::test_44_nation_code_is_an_alternate",
            "tests/conformance/test_opencps.py::TestOpencps::test_44_other_ids_are_alternates",
            "tests/conformance/test_td.py::TestTd::test_44_the_other_code_is_an_alternate",
        ),
    ),
    45: (
        "several rows with one code",
        (
            "tests/conformance/records.py::RecordConformance::test_45_a_row_that_stands_twice_is_kept_once",
            "tests/conformance/test_opencps.py::TestOpencps::test_45_two_dossiers_with_one_code_are_both_kept",
            "tests/conformance/test_spreadsheet.py::test_45_the_second_row_of_a_code_is_set_aside",
            "tests/conformance/test_sql.py::TestSql::test_45_a_doubled_key_over_a_page_break_hides_nothing",
        ),
    ),
    46: (
        "object, list or null",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_46_47_list_object_nested_text_and_flat",
            "tests/conformance/test_igate.py::TestIgate::test_46_a_bare_list_is_a_page_too",
            "tests/conformance/test_igate.py::TestIgate::test_46_object_or_list_for_the_same_key",
            "tests/conformance/test_rest.py::TestRest::test_46_a_place_that_is_not_there_is_empty",
        ),
    ),
    47: (
        "root keys",
        (
            "tests/conformance/test_dvcqg.py::TestByCode::test_05_47_success_in_its_spellings_under_both_roots",
            "tests/conformance/test_dvcqg.py::TestByCode::test_46_47_list_object_nested_text_and_flat",
        ),
    ),
    48: (
        "numbers and booleans as text",
        (
            "tests/conformance/records.py::RecordConformance::test_48_numbers_as_text_and_text_as_numbers",
            "tests/conformance/test_workbook.py::test_48_a_code_that_Excel_took_for_a_number",
        ),
    ),
    49: (
        "keys exactly",
        ("tests/conformance/test_dvcqg.py::TestByCode::test_49_keys_are_matched_exactly_and_can_be_named",),
    ),
    50: (
        "names as written",
        ("tests/conformance/records.py::RecordConformance::test_50_names_are_kept_as_written",),
    ),
    51: (
        "telephone and e-mail",
        (
            "tests/conformance/test_siblings.py::test_51_a_telephone_number_in_every_spelling",
            "tests/conformance/test_siblings.py::test_51_what_is_no_vietnamese_number_stays_as_it_is",
            "tests/conformance/test_siblings.py::test_51_an_offices_own_address_is_no_citizens",
        ),
    ),
    52: (
        "joined lists and HTML",
        ("tests/conformance/test_siblings.py::test_52_joined_lists_of_ids_and_notes_in_html_reach_nobody",),
    ),
    53: (
        "large lists, extra keys, one bad row",
        (
            "tests/conformance/records.py::RecordConformance::test_53_unknown_keys_and_missing_ones_do_not_matter",
            "tests/conformance/suite.py::Conformance::test_53_a_row_that_is_no_object_costs_only_itself",
            "tests/conformance/suite.py::Conformance::test_53_wrong_types_of_descriptions_are_ignored",
            "tests/conformance/test_spreadsheet.py::test_53_rows_that_do_not_fit_the_heading",
        ),
    ),
}
