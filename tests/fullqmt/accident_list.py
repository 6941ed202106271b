"""The accidents that users of other bridges into the full terminal have reported, and the tests that hold them off.

The threads are those of the research on the full terminal (shared/qmt, section 6), in its order. ``test_accident_list``
fails where an accident has neither a test nor a reason why neither the file nor the engine can cause or cure it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

ALONE: Final = "fullqmt/test_accidents_alone.py::"
REAL: Final = "fullqmt/test_accidents.py::"
FROZEN: Final = "fullqmt/test_frozen.py::"
LIVES: Final = "fullqmt/test_lives.py::"
REVIEW: Final = "fullqmt/test_review.py::"
STATIC: Final = "fullqmt/test_static.py::"
ROAD: Final = "fullqmt/test_cancel_road.py::"
LINK: Final = "link/"
NATIVE: Final = "unit/brokers/qmt/test_native_dialect.py::"
BROKER: Final = "unit/brokers/linked/test_broker.py::"
FOLDER: Final = "unit/brokers/linked/test_folder_carrier.py::"
COMMAND: Final = "unit/cli/test_fullqmt.py::"
PIPE: Final = "windows/test_fullqmt_pipe.py::"


class Accident(NamedTuple):
    """What happened to somebody."""

    threads: str
    what: str
    tests: tuple[str, ...]
    """By file below ``tests`` and function."""
    outside: str = ""
    """Why neither the file nor the engine can cause or cure it."""


# fmt: off
ACCIDENTS: Final = (
    Accident("9, 56, CF#5", "a whitelist kills imports and modules of one's own", (
        STATIC + "test_it_imports_at_the_top_what_every_terminal_has_and_nothing_else",
        REAL + "test_where_sockets_and_pipes_are_forbidden_files_carry_it",
        "fullqmt/test_start.py::test_a_terminal_that_forbids_files_is_told_to_remember_in_memory")),
    Accident("15, 48, 266", "a sell shown as a buy; times without their zero", (
        NATIVE + "test_the_side_is_never_read_from_the_direction",
        NATIVE + "test_a_fill_has_its_side_from_the_offset_and_its_time_with_the_zero_it_lost")),
    Accident("23", "orders dead until the strategy was run anew by hand", (
        ALONE + "test_evidence_grows_with_what_was_seen",
        ALONE + "test_the_beat_says_how_long_the_terminal_has_answered_nothing",
        REAL + "test_an_account_without_evidence_is_not_ready_and_says_why")),
    Accident("34, 133, 156, 161, 174, 216", "the strategy's name lost, wrong or in another column", (
        ALONE + "test_whose_strategy_a_row_names_says_nothing_of_whose_order_it_is",)),
    Accident("38, 41, 43", "a false error; one matched by likeness; one that stuck", (
        ALONE + "test_what_passorder_returns_decides_nothing",
        ALONE + "test_an_error_about_one_order_leaves_the_next_alone",
        REAL + "test_an_error_that_two_orders_could_be_about_is_about_none")),
    Accident("44, 69, 204, 207, 244, 252", "calls off the thread or of a wrong shape: silent and hollow", (
        REAL + "test_hollow_rows_are_a_failure_and_no_empty_account",
        REAL + "test_callbacks_of_a_foreign_thread_only_tell_that_something_changed",
        REAL + "test_a_call_that_raises_leaves_the_order_unknown",
        STATIC + "test_it_listens_nowhere_and_starts_nothing")),
    Accident("47, 186\N{EN DASH}188", "progress that was none; measured during the replay", (
        ALONE + "test_while_bars_of_history_are_played_no_order_goes",
        ALONE + "test_evidence_grows_with_what_was_seen")),
    Accident("50, 51", "an order's event before its submit's answer", (
        ALONE + "test_a_row_that_comes_before_passorder_returns_is_its_orders",)),
    Accident("60, 345, 348, SMHE", "the reason of a refusal stands elsewhere or nowhere", (
        REAL + "test_a_refusal_as_a_row_and_as_an_error_are_both_told_with_their_order",
        NATIVE + "test_the_reason_of_a_rejection_is_taken_from_where_it_stands",
        REAL + "test_silence_is_never_a_refusal")),
    Accident("72", "an answer without an id", (
        LINK + "order_cases.py::an_order_is_dispatched_and_its_row_carries_the_remark",
        ALONE + "test_each_of_too_many_orders_has_its_own_answer")),
    Accident("76, 288", "a first import on another thread, or by the timer", (
        ALONE + "test_all_modules_are_imported_while_the_text_is_read",
        REAL + "test_callbacks_of_a_foreign_thread_only_tell_that_something_changed")),
    Accident("77, 261", "two copies in one process", (
        REAL + "test_a_text_run_anew_takes_over_and_the_run_before_says_nothing_more",
        ALONE + "test_two_strategies_for_two_accounts_live_in_one_process",
        LIVES + "test_random_lives_keep_every_promise")),
    Accident("78, 140, 141", "a password typed into the wrong box; a port before the login", (),
        outside="nothing of ours logs in or types: a person does, and an account is ready by its rows alone"),
    Accident("79, 160", "a new client for each tick; two seconds of dialling for each call", (
        ALONE + "test_one_connection_carries_every_order",
        PIPE + "test_neither_end_ever_waits_for_the_other")),
    Accident("84, 290", "what stands for no value taken as money; what is missing as 0", (
        ALONE + "test_what_stands_for_no_value_is_none_and_never_a_number",
        NATIVE + "test_holdings_and_money_are_read")),
    Accident("92", "a margin account asked as a stock account: zeros", (
        REAL + "test_an_account_without_evidence_is_not_ready_and_says_why",)),
    Accident("96; CLI `--dry-run` (0.3.14)", "a dry run that placed real orders", (
        LINK + "session_cases.py::a_host_that_observes_sends_neither_orders_nor_cancels",
        LINK + "session_cases.py::a_connection_begins_with_nothing_allowed",
        "fullqmt/test_engine.py::test_what_was_pasted_to_watch_sends_nothing")),
    Accident("102, KIT", "a strategy that is not the one that was pasted", (
        COMMAND + "test_a_text_of_other_settings_or_another_version_is_stale",
        COMMAND + "test_what_was_pasted_wrongly_is_told")),
    Accident("103, 131, 330", "a kind of order collapsed into another, or mistranslated", (
        ALONE + "test_what_no_table_lists_is_refused",
        ALONE + "test_a_kind_of_account_has_its_own_numbers_or_none",
        NATIVE + "test_other_business_is_left_out")),
    Accident("104, 243", "stale data told as fresh", (
        ALONE + "test_quotes_that_stop_are_told",
        ALONE + "test_the_beat_says_how_long_the_terminal_has_answered_nothing")),
    Accident("109, 136, 137, 150, KIT", "a port that a run of before still held", (
        STATIC + "test_it_listens_nowhere_and_starts_nothing",
        REAL + "test_a_text_run_anew_takes_over_and_the_run_before_says_nothing_more")),
    Accident("113", "0 and -1 of a cancel the other way round", (
        REAL + "test_what_cancel_returns_decides_nothing",)),
    Accident("122, 123", "simulated signals by default; an independent process", (
        REAL + "test_an_account_without_evidence_is_not_ready_and_says_why",
        "fullqmt/test_start.py::test_the_editors_run_takes_nobodys_place",
        ALONE + "test_where_the_terminal_gives_no_functions_it_says_so")),
    Accident("139, 144, 183", "log handlers that multiply; a slow panel", (
        ALONE + "test_the_panel_hears_a_thing_once",)),
    Accident("145, CF#9, 240, 256", "a dead receiver that was running and healthy", (
        LINK + "session_cases.py::the_pong_comes_from_the_thread_that_makes_the_calls",
        LINK + "session_cases.py::it_beats_every_second_also_while_a_call_hangs",
        FROZEN + "test_a_real_terminal_that_freezes_for_ten_seconds_under_a_whole_engine")),
    Accident("148, 151, 168", "what a cancel returned was a lie; another account's cancel", (
        REAL + "test_what_cancel_returns_decides_nothing",
        REAL + "test_an_account_that_the_strategy_is_not_bound_to_is_polled_and_cancelled_as_itself",
        ROAD + "test_row_8_a_refused_cancel_is_judged_by_the_row_alone")),
    Accident("152", "an order that lives told as -1", (
        ALONE + "test_what_passorder_returns_decides_nothing",)),
    Accident("156", "orders that waited were lost at the exit", (
        STATIC + "test_one_place_alone_calls_passorder_and_only_after_its_claim",
        REAL + "test_claims_outlive_the_terminal",
        LIVES + "test_a_life_may_end_between_any_two_steps")),
    Accident("164", "135 rounds of blind polling", (
        ALONE + "test_a_quiet_minute_asks_little_of_the_terminal",)),
    Accident("190", "a batch swallowed orders and told success", (
        ALONE + "test_each_of_too_many_orders_has_its_own_answer",)),
    Accident("195, 245", "100 orders became 200: a second try after a time-out", (
        LINK + "resume_cases.py::commands_are_never_done_again",
        LINK + "order_cases.py::the_same_order_twice_is_answered_and_not_done_again",
        BROKER + "test_a_break_is_told_once_for_each_connected_account_and_nothing_is_sent_again",
        LIVES + "test_random_lives_keep_every_promise",
        "fullqmt/test_double.py::test_no_order_follows_until_a_person_resumes_and_cancels_still_go")),
    Accident("213", "a queue without a bound", (
        LINK + "order_cases.py::a_reader_that_does_not_read_stops_nothing",
        LIVES + "test_days_without_an_end_grow_nothing")),
    Accident("229\N{EN DASH}231", "a dead heartbeat; failures told as empty", (
        REAL + "test_hollow_rows_are_a_failure_and_no_empty_account",
        REAL + "test_an_empty_list_where_there_were_rows_is_a_failure",
        REAL + "test_a_list_says_that_it_proves_nothing_while_an_order_has_no_row")),
    Accident("247", "a list of quotes froze the orders", (
        REVIEW + "test_an_order_does_not_wait_for_a_whole_market_of_quotes",)),
    Accident("276, 309, 312", "positions frozen after the day changed", (
        ALONE + "test_a_trading_day_that_changes_under_it_is_told_and_everything_read_anew",)),
    Accident("299, 300", "a remark used again gave another order's number", (
        ALONE + "test_a_remark_that_the_counter_has_already_is_never_sent_again",)),
    Accident("303, 304", "12 of 32 orders that had timed out were placed later", (
        FROZEN + "test_what_was_sent_to_a_frozen_terminal_is_never_placed_and_the_engine_says_so",
        LINK + "order_cases.py::the_time_is_looked_at_right_before_the_call",
        LINK + "order_cases.py::a_fence_makes_sure_that_an_order_never_goes")),
    Accident("315, 320, 322, 325", "no events of a second account; attributes that cannot be read", (
        REAL + "test_an_account_that_the_strategy_is_not_bound_to_is_polled_and_cancelled_as_itself",
        REVIEW + "test_a_callback_that_cannot_be_read_only_makes_the_host_look")),
    Accident("321, 343, 351", "modes of threads; orders that settle late", (
        ALONE + "test_a_row_that_comes_after_half_a_minute_is_still_its_orders",
        STATIC + "test_it_listens_nowhere_and_starts_nothing")),
    Accident("342", "33 and 59 minutes within one call", (
        FROZEN + "test_what_was_sent_to_a_frozen_terminal_is_never_placed_and_the_engine_says_so",
        FROZEN + "test_where_the_connection_outlives_the_freeze_the_stamp_alone_refuses_and_the_cancel_goes")),
    Accident("360", "the row came after the order was told to have failed", (
        REAL + "test_silence_is_never_a_refusal",
        ALONE + "test_a_row_that_comes_after_half_a_minute_is_still_its_orders")),
    Accident("CF#13", "errors without an id; everything twice", (
        REAL + "test_an_error_that_two_orders_could_be_about_is_about_none",
        ALONE + "test_what_the_terminal_says_twice_is_told_once")),
    Accident("RPYC", "a list beyond the frame; two rows for one order; stuck at 50; no server after the signal", (
        ALONE + "test_a_long_list_comes_in_lines_that_fit",
        REAL + "test_the_clients_own_row_beside_the_counters_is_left_out",
        ROAD + "test_row_8_a_cancel_that_went_well_and_did_nothing_is_repeated_until_the_end",
        REAL + "test_silence_is_never_a_refusal")),
    Accident("WS", "a file that somebody holds; old copies; leftovers sent again; a mark at the begin; no row", (
        ALONE + "test_a_file_that_somebody_holds_is_written_again",
        ALONE + "test_while_a_line_cannot_be_read_no_order_goes_before_it",
        FOLDER + "test_connections_of_before_are_removed_unread",
        LINK + "session_cases.py::no_line_after_a_bad_one_has_an_effect",
        REAL + "test_silence_is_never_a_refusal")),
    Accident("liqimore#21", "state 57 taken as accepted", (
        REAL + "test_a_refusal_as_a_row_and_as_an_error_are_both_told_with_their_order",
        NATIVE + "test_a_state_that_is_not_listed_is_a_doubt")),
    Accident("65, 71, 115, 134, 154, 162, 365, 366", "names and libraries that drift", (
        STATIC + "test_it_imports_at_the_top_what_every_terminal_has_and_nothing_else",
        ALONE + "test_where_the_terminal_gives_no_functions_it_says_so")),
    Accident("165, 167, 219, 226, 228, 237, 257, 258, 289, 334", "history and figures: filled forward, empty", (
        ALONE + "test_it_downloads_nothing_and_says_so",)),
    Accident("85, 45, 116", "no Python in the client; a restart each day", (
        REAL + "test_claims_outlive_the_terminal",
        COMMAND + "test_before_anything_was_done_each_line_says_what_to_do")),
    Accident("XQ", "another package of xtquant's name was loaded: the file loads none", (
        STATIC + "test_it_imports_at_the_top_what_every_terminal_has_and_nothing_else",)),
    Accident("RPYC", "the pipe denied after a run anew; memory freed under a pending call", (
        PIPE + "test_it_trades_over_the_pipe_and_again_after_the_text_was_run_anew",
        STATIC + "test_it_listens_nowhere_and_starts_nothing")),
    Accident("KIT", "an error in the log of a healthy strategy; a dead one that runs", (
        ALONE + "test_evidence_grows_with_what_was_seen",
        REAL + "test_an_account_without_evidence_is_not_ready_and_says_why")),
)
# fmt: on
