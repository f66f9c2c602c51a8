//! The pages in actix-web.

use actix_web::{App, HttpServer, web};
use logto::{Error, LogtoClient, RequestSession};

use super::{maybe, now, pay, vault};

async fn transfer(session: RequestSession, amount: web::Path<u64>) -> Result<String, Error> {
    super::transfer(&session, *amount).await
}

pub(super) fn serve(logto: LogtoClient, port: u16) {
    let app = move || {
        App::new()
            .route("/pay", web::get().to(pay))
            .route("/pay", web::post().to(pay))
            .route("/vault", web::get().to(vault))
            .route("/now", web::get().to(now))
            .route("/maybe", web::get().to(maybe))
            .route("/transfer/{amount}", web::get().to(transfer))
            .configure(logto::actix_web::routes(&logto))
            .wrap(logto::actix_web::middleware(logto.clone()))
    };
    let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", port)).unwrap();
    tokio::spawn(server.run());
}
