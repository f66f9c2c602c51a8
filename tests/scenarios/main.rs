//! One list of scenarios, run against the program of each example: black-box over HTTP, with a Logto in the test and a browser that keeps the
//! rules of browsers.
//!
//! `cargo build --example axum && cargo nextest run --test scenarios axum::` is one example. The others run where `LOGTO_TEST_EXAMPLES` is
//! set; `bash tests/all.sh` builds them and sets it.

// A test has no outside, and may assume.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice, clippy::missing_panics_doc)]

mod app;
mod browser;
mod example;
mod jar;
mod page;

mod signing_in;

/// The scenarios, by theme: each is `async fn(Example)` in the module of its theme.
macro_rules! scenarios {
    ($then:ident $($given:tt)*) => {
        $then! { $($given)*
            signing_in {
                a_sign_in_leads_back_to_the_page_wanted
                the_start_page_tells_who_is_signed_in
                create_account_registers
                kakao_is_one_click_away
                a_sign_in_of_another_browser_is_refused
            }
        }
    };
}

/// A module per example with a test per scenario.
macro_rules! tests {
    ($example:ident $($theme:ident { $($scenario:ident)+ })+) => {
        mod $example {
            $($(
                #[tokio::test]
                async fn $scenario() {
                    if let Some(example) = crate::example::to_run(stringify!($example)) {
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

/// One module each, and the list of all.
macro_rules! examples {
    ($($example:ident)+) => {
        $(scenarios! { tests $example })+
        scenarios! { count }

        #[test]
        fn the_list() {
            let examples = [$(stringify!($example)),+];
            assert!(examples.iter().eq(example::EXAMPLES.iter().map(|example| &example.name)), "{examples:?}");
            println!("{SCENARIOS} scenarios × {} examples", examples.len());
        }
    };
}

examples! { axum actix_web rocket hyper poem warp salvo leptos_ssr }
