//! The integrations, black-box over HTTP: one list of tests, each run for axum, actix-web and Rocket. A framework's own file has its adapter
//! and what only that framework has.

pub mod cases;
pub mod pages;
pub mod served;
pub mod told;
mod unauthorized;

/// A test per case of [`cases`], with the name of the case.
macro_rules! tests_with {
    ($adapter:expr) => {
        tests_with! { $adapter;
            a_browser_signs_in_comes_back_and_signs_out
            a_program_that_is_not_signed_in_gets_401_as_json
            a_handler_may_take_the_reason_why_nobody_is_signed_in
            the_operations_of_the_client_work_by_hand_over_the_cookies_of_the_framework
            parameters_of_the_sign_in_route_reach_logto
            cookies_of_the_application_are_kept_beside_those_of_the_session
            pages_of_a_user_are_not_stored_by_caches
            a_sign_out_is_accepted_as_a_post_of_this_site_alone
            a_prefetch_and_a_head_change_nothing
            a_callback_that_is_opened_again_leads_to_the_start_page
            errors_are_pages_for_people_and_json_for_programs
            an_outage_of_the_token_endpoint_ends_no_session
            an_ended_session_is_deleted_with_the_response_that_tells_it
            a_store_that_is_down_signs_nobody_out
            a_required_revocation_store_that_is_down_signs_nobody_out
            a_suspended_user_is_signed_out_by_a_guard
            a_prefix_may_be_served_by_the_application_or_taken_off_by_a_proxy
            a_back_channel_logout_ends_the_session
            two_cookie_headers_are_read_as_one
            a_session_is_closed_when_the_response_begins
            a_body_that_never_ends_is_given_up
            a_one_time_token_that_another_site_leads_to_is_asked_about_first
            each_host_signs_in_for_itself
            an_application_without_a_client_serves_nobody_until_it_has_one
            routes_below_a_path_are_refused_while_there_is_no_client
            each_401_has_one_challenge_without_a_browsers_dialog
            each_reply_of_ours_tells_the_browser_what_it_is
            an_image_of_another_site_begins_no_sign_in
            a_strict_application_asks_gives_no_claims_and_has_the_browser_forget
        }
    };
    ($adapter:expr; $($case:ident)+) => {
        $(
            #[tokio::test]
            async fn $case() {
                super::cases::$case($adapter).await;
            }
        )+
    };
}

mod axum {
    tests_with!(crate::axum::Axum);
}

#[cfg(feature = "actix-web")]
mod actix_web {
    tests_with!(crate::actix_web::ActixWeb);
}

#[cfg(feature = "rocket")]
mod rocket {
    tests_with!(crate::rocket::Rocket);
}
