//! One list of scenarios, run against the program of each example: black-box over HTTP, with a Logto in the test and a browser that keeps the
//! rules of browsers.
//!
//! Each runs a second time behind a middleware that reads the session before and after the handler (`logged::`): the example's request log.
//!
//! `cargo build --example axum && cargo nextest run --test scenarios axum::` is one example. The others run where `LOGTO_TEST_EXAMPLES` is
//! set; `bash tests/all.sh` builds them and sets it.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice, clippy::print_stderr, clippy::print_stdout)]

mod app;
mod browser;
mod example;
mod jar;
mod page;
#[path = "../it/plain_http.rs"]
mod plain_http;
#[path = "../it/port.rs"]
mod port;
mod program;
mod proxy;
#[path = "../it/skipped.rs"]
mod skipped;
#[path = "../it/slow_body.rs"]
mod slow_body;

mod cookies;
mod mounting;
mod outages;
mod request_log;
mod requests;
mod signing_in;
mod signing_out;
mod tokens;

/// The scenarios, by theme: each is `async fn(Example)` in the module of its theme.
macro_rules! scenarios {
    ($then:ident $($given:tt)*) => {
        $then! { $($given)*
            signing_in {
                a_sign_in_leads_back_to_the_page_wanted
                the_start_page_tells_who_is_signed_in
                a_link_to_create_an_account_opens_the_registration
                kakao_is_one_click_away
                a_sign_in_of_another_browser_is_refused
                two_tabs_sign_in_at_once
                the_back_button_on_the_callback_does_no_harm
                abandoned_sign_ins_leave_few_cookies
                access_denied_is_told_and_ends_the_sign_in
                an_error_in_the_callback_is_text
                no_sign_in_leads_to_another_site
                a_callback_may_come_by_post
            }
            signing_out {
                a_sign_out_is_here_and_at_logto
                cookies_from_before_a_sign_out_are_dead
                a_sign_out_is_a_post
                a_sign_out_comes_from_this_site
                a_sign_out_of_nobody_is_no_error
                a_sign_out_reaches_other_browsers
                a_logout_token_ends_sessions_once
            }
            tokens {
                user_info_comes_from_logto
                an_access_token_is_asked_for_once
                an_organization_has_tokens_of_its_own
                a_user_who_is_no_member_gets_no_organization_token
                a_token_that_ended_is_renewed_in_the_background
                sixteen_requests_share_one_exchange
                a_session_that_logto_ended_is_over
            }
            requests {
                a_prefetch_begins_no_sign_in_and_uses_no_callback_up
                a_head_request_changes_nothing
                a_program_is_told_401_as_json
                a_signed_in_program_gets_what_it_asks_for
                a_request_from_another_site_is_not_signed_in
                other_methods_than_those_of_a_route_are_refused
                a_page_that_shows_a_user_is_not_stored
                a_response_that_sets_a_session_is_not_stored_by_caches
            }
            cookies {
                cookies_of_the_application_survive
                a_session_grows_and_shrinks_without_leftovers
                a_session_with_a_missing_part_is_no_session
                a_user_of_a_hundred_organizations_stays_signed_in
                unreadable_cookies_are_no_session
                cookies_of_our_names_under_other_paths_do_no_harm
                a_second_cookie_of_a_sign_in_does_no_harm
                many_sign_ins_at_once_leave_a_short_header
                another_site_cannot_fill_the_cookie_header
            }
            mounting {
                the_routes_may_be_nested
                a_proxy_may_take_the_prefix_off
                a_proxy_may_have_another_host_and_scheme
                forwarded_headers_do_not_change_the_address_of_the_site
            }
            request_log {
                a_request_log_tells_who_was_signed_in_and_who_is
            }
            outages {
                an_outage_ends_no_session
                an_application_that_starts_before_logto_waits_for_logto
                an_outage_at_the_callback_is_told
                a_user_can_leave_during_an_outage
            }
        }
    };
}

/// A module per example with a test per scenario, with or without the example's request log.
macro_rules! tests {
    ($example:ident $request_log:literal $($theme:ident { $($scenario:ident)+ })+) => {
        mod $example {
            $($(
                #[tokio::test]
                async fn $scenario() {
                    if let Some(example) = crate::example::to_run(stringify!($example), $request_log) {
                        crate::$theme::$scenario(example).await;
                    }
                }
            )+)+
        }
    };
}

macro_rules! count {
    ($($theme:ident { $($scenario:ident)+ })+) => {
        /// How many scenarios there are.
        const SCENARIOS: usize = [$($(stringify!($scenario)),+),+].len();
    };
}

/// Two modules each, and the list of all.
macro_rules! examples {
    ($($example:ident)+) => {
        $(scenarios! { tests $example false })+

        mod logged {
            $(scenarios! { tests $example true })+
        }

        scenarios! { count }

        /// For all examples in one test, since it takes ten seconds.
        #[tokio::test]
        async fn half_a_form_is_not_waited_for_without_end() {
            $(let $example = async {
                if let Some(example) = crate::example::to_run(stringify!($example), false) {
                    crate::requests::half_a_form_is_not_waited_for_without_end(example).await;
                }
            };)+
            tokio::join!($($example),+);
        }

        #[test]
        fn every_example_runs_the_list_of_scenarios() {
            let examples = [$(stringify!($example)),+];
            assert!(examples.iter().eq(example::EXAMPLES.iter().map(|example| &example.name)), "{examples:?}");
            println!("{SCENARIOS} scenarios × {} examples, each with a request log and without", examples.len());
        }
    };
}

examples! { axum actix_web rocket hyper poem warp salvo leptos_ssr }
