//! A server on a port of its own, and clients that talk to it.

use crate::engines::{Engine, eventually};
use domain::account::Role;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use server::{Options, Server};
use service::gateways::GatewaySettings;
use service::notify::NotifySettings;
use service::{Mode, Service, Settings, SystemClock};
use std::sync::Arc;
use storage::Database;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const PASSWORD: &str = "a quiet sentence";
pub const SECRET: &str = "of the tests, and long enough for them";

/// A client that keeps cookies and follows nothing by itself.
pub fn client() -> Client {
    Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// The product, without anybody who listens.
pub async fn start_service(database: Database, slug: &str) -> Arc<Service> {
    let gateway = GatewaySettings::kind();
    start_service_with(database, slug, gateway, NotifySettings::default()).await
}

async fn start_service_with(
    database: Database,
    slug: &str,
    gateway: GatewaySettings,
    notify: NotifySettings,
) -> Arc<Service> {
    let settings = Settings {
        mode: Mode::Production,
        database,
        institutions: vec![slug.to_owned()],
        secret: SECRET.to_owned(),
        public_url: "http://127.0.0.1".to_owned(),
        time_zone: "UTC".to_owned(),
        gateway,
        notify,
    };
    Service::start(settings, Arc::new(SystemClock))
        .await
        .unwrap()
}

/// A server that listens, and its workers.
pub struct TestApp {
    pub base: String,
    pub service: Arc<Service>,
    pub client: Client,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl TestApp {
    pub async fn start(engine: &Engine) -> Self {
        Self::start_on(engine.database.clone(), &engine.slug).await
    }

    pub async fn start_on(database: Database, slug: &str) -> Self {
        let gateway = GatewaySettings::kind();
        Self::start_with(database, slug, gateway, NotifySettings::default()).await
    }

    /// With those who take payments and those who carry messages.
    pub async fn start_with(
        database: Database,
        slug: &str,
        gateway: GatewaySettings,
        notify: NotifySettings,
    ) -> Self {
        let service = start_service_with(database, slug, gateway, notify).await;
        let server = Server::bind(&service, Options::new(([127, 0, 0, 1], 0).into()))
            .await
            .unwrap();
        let base = format!("http://{}", server.address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.run(async {
            let _ = stopped.await;
            std::time::Duration::ZERO
        }));
        Self {
            base,
            service,
            client: client(),
            stop,
            served,
        }
    }

    /// Ends as the process does when it is asked to.
    pub async fn stop(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
    }

    pub fn anonymous(&self) -> Caller {
        Caller::new(&self.base, None)
    }

    /// A new member.
    pub async fn member(&self, name: &str) -> Caller {
        self.anonymous().register(name).await
    }

    /// Somebody of any role.
    pub async fn with_role(&self, name: &str, role: Role) -> Caller {
        let institution = self.service.institution(None).unwrap();
        let register = service::account::Register {
            name: name.to_owned(),
            email: format!("{name}@example.org"),
            password: PASSWORD.to_owned(),
        };
        let ctx = service::Ctx::system(&self.service, institution, "test");
        service::account::create_with_role(&ctx, register, role)
            .await
            .unwrap();
        let credentials = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        let answer = self.anonymous().post("/v1/auth/token", &credentials).await;
        let tokens = answer.expect(StatusCode::OK);
        Caller::new(&self.base, Some(text(&tokens["accessToken"])))
    }

    /// A new member with a profile that has plans.
    pub async fn eater(&self, name: &str) -> Caller {
        let caller = self.member(name).await;
        caller
            .put("/v1/profile", &profile())
            .await
            .expect(StatusCode::OK);
        caller
    }
}

/// Somebody who calls the API, with an access token where they have signed in.
#[derive(Clone)]
pub struct Caller {
    base: String,
    token: Option<String>,
    client: Client,
}

impl Caller {
    pub fn new(base: &str, token: Option<String>) -> Self {
        Self {
            base: base.to_owned(),
            token,
            client: client(),
        }
    }

    /// What the caller shows.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// The same caller at another address.
    pub fn at(&self, base: &str) -> Self {
        Self::new(base, self.token.clone())
    }

    pub async fn register(&self, name: &str) -> Self {
        let answer = self.post("/v1/auth/register", &registration(name)).await;
        let tokens = answer.expect(StatusCode::CREATED);
        Self::new(&self.base, Some(text(&tokens["accessToken"])))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    /// Asks for a plan and gives the job's id.
    pub async fn ask(&self, week: &str) -> String {
        let answer = self.post("/v1/diet/plans", &json!({ "week": week })).await;
        text(&answer.expect(StatusCode::ACCEPTED)["jobId"])
    }

    /// Waits until a job has ended.
    pub async fn ended(&self, job: &str) -> Value {
        eventually("the job ends", async || {
            let job = self
                .get(&format!("/v1/diet/jobs/{job}"))
                .await
                .expect(StatusCode::OK);
            matches!(job["status"].as_str(), Some("READY" | "FAILED")).then_some(job)
        })
        .await
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await
    }

    pub async fn read(response: Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of an answer of this status.
    pub fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// The problem document that this is, with everything that each of them has.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let document = self.json();
        assert_eq!(document["status"], status, "{document}");
        assert_eq!(document["code"], code, "{document}");
        assert_eq!(
            document["type"],
            format!("urn:nutriflow:problem:{code}"),
            "{document}"
        );
        assert_eq!(
            document["requestId"],
            self.header("x-request-id"),
            "{document}"
        );
        for sentence in ["title", "detail"] {
            // Names stand for texts that are missing.
            let said = document[sentence].as_str().unwrap();
            assert!(said.contains(' '), "{sentence}: {document}");
        }
        document
    }
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

pub fn registration(name: &str) -> Value {
    json!({ "name": name, "email": format!("{name}@example.org"), "password": PASSWORD })
}

pub fn profile() -> Value {
    json!({ "sex": "FEMALE", "age": 21, "heightCm": 165, "weightKg": 62, "activity": "MODERATE" })
}
