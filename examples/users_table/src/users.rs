//! The table, and what a sign-in does to it.

use logto::{SignIn, SignInRefusal};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

/// What the terms page sends along with the sign-in.
#[derive(Serialize, Deserialize)]
pub struct Consent {
    pub accepts_terms: bool,
}

/// What each request knows of the user, from the slot in the session.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub struct Row {
    pub number: i64,
}

/// The users of this application. Logto knows who they are; what they do here is in tables of our own, by their number.
#[derive(Clone)]
pub struct Users(SqlitePool);

impl Users {
    pub async fn open(url: &str) -> sqlx::Result<Self> {
        // A database in memory is one for each connection, and ends with it.
        let pool =
            SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect(url).await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS users (
                number INTEGER PRIMARY KEY,
                sub TEXT NOT NULL UNIQUE,
                name TEXT,
                sign_ins INTEGER NOT NULL DEFAULT 1
            )",
        )
        .execute(&pool)
        .await?;
        Ok(Self(pool))
    }

    /// The hook: it is asked once for each sign-in, before there is a session. An error of the database ends the sign-in, and the user gets a page
    /// that does not tell it.
    pub async fn signed_in(&self, sign_in: &SignIn) -> Result<(), SignInRefusal> {
        let claims = sign_in.claims();
        let name = claims.name.as_ref().or(claims.username.as_ref());
        // Of two sign-ins of one new user at once both insert, and the database decides.
        let known: Option<(i64,)> =
            sqlx::query_as("UPDATE users SET name = ?2, sign_ins = sign_ins + 1 WHERE sub = ?1 RETURNING number")
                .bind(&claims.sub)
                .bind(name)
                .fetch_optional(&self.0)
                .await?;
        let number = if let Some((number,)) = known {
            number
        } else {
            if !sign_in.app_state::<Consent>()?.is_some_and(|consent| consent.accepts_terms) {
                return Err(SignInRefusal::redirect("/terms"));
            }
            let (number,) = sqlx::query_as(
                "INSERT INTO users (sub, name) VALUES (?1, ?2)
                ON CONFLICT (sub) DO UPDATE SET name = excluded.name, sign_ins = sign_ins + 1 RETURNING number",
            )
            .bind(&claims.sub)
            .bind(name)
            .fetch_one(&self.0)
            .await?;
            number
        };
        sign_in.set_data(&Row { number })?;
        Ok(())
    }

    pub async fn sign_ins(&self, row: &Row) -> sqlx::Result<i64> {
        let (count,) =
            sqlx::query_as("SELECT sign_ins FROM users WHERE number = ?1").bind(row.number).fetch_one(&self.0).await?;
        Ok(count)
    }

    #[cfg(test)]
    pub async fn all(&self) -> Vec<(i64, Option<String>, i64)> {
        sqlx::query_as("SELECT number, name, sign_ins FROM users ORDER BY number").fetch_all(&self.0).await.unwrap()
    }

    #[cfg(test)]
    pub async fn close(&self) {
        self.0.close().await;
    }
}
