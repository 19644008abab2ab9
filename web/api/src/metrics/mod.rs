//! What is counted, under the plan's names (1497-1567). Scraped, never pushed; counts no money yet.
//!
//! Invariant: no label takes a value that a client can invent: endpoints are route templates,
//! models and providers come from the settings.

mod bus;
mod home;
mod memory;
mod process;
mod usage;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use appliance_core::{
    AgentName, AgentStatus, StreamName, TaskId, TaskKind, desk::paths::LEASE_NEXT,
};
use http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};
use tokio::time::Instant;

pub use bus::CountingRecords;
pub use memory::{MemoryCounts, MemoryFigures};
pub(crate) use usage::Sniffer;

/// The content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds; for requests that take milliseconds.
const API_BUCKETS: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Seconds; the plan's buckets.
const WORK_BUCKETS: [f64; 8] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// Work that began so long ago has ended without a word.
const LONGEST_WORK: Duration = Duration::from_secs(3_600);

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    endpoint: Arc<str>,
    status_code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    method: &'static str,
    endpoint: Arc<str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabels {
    agent: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    agent: &'static str,
    task_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AgentLabels {
    agent: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MessageLabels {
    channel: String,
    message_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    queue: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    provider: String,
    model: String,
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    provider: String,
    model: String,
}

/// How a piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With an answer.
    Success,
    /// Without.
    Failure,
}

/// All counts of this process. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_time: Histograms<EndpointLabels>,
    work: Family<WorkLabels, Counter>,
    work_time: Histograms<DurationLabels>,
    active: Family<AgentLabels, Gauge>,
    messages: Family<MessageLabels, Counter>,
    depths: Family<QueueLabels, Gauge>,
    tokens: Family<TokenLabels, Counter>,
    model_time: Histograms<ModelLabels>,
    memory: memory::Memory,
    process: process::Process,
    home: home::Home,
    began: Mutex<HashMap<TaskId, (TaskKind, Instant)>>,
}

impl Metrics {
    /// Starts all counts at zero.
    #[must_use]
    pub fn new() -> Self {
        let api_time: fn() -> Histogram = || Histogram::new(API_BUCKETS);
        let work_time: fn() -> Histogram = || Histogram::new(WORK_BUCKETS);
        let mut counts = Counts {
            registry: Registry::default(),
            requests: Family::default(),
            request_time: Family::new_with_constructor(api_time),
            work: Family::default(),
            work_time: Family::new_with_constructor(work_time),
            active: Family::default(),
            messages: Family::default(),
            depths: Family::default(),
            tokens: Family::default(),
            model_time: Family::new_with_constructor(work_time),
            memory: memory::Memory::default(),
            process: process::Process::default(),
            home: home::Home::default(),
            began: Mutex::default(),
        };
        counts.register();
        Self(Arc::new(counts))
    }

    /// Counts a request by its route's template.
    pub(crate) fn request(
        &self,
        method: &Method,
        endpoint: &Arc<str>,
        status: StatusCode,
        took: Duration,
    ) {
        let method = method_label(method);
        // A long poll's time is waiting, not work; it would hide every slow request.
        if &**endpoint != LEASE_NEXT {
            let labels = EndpointLabels { method, endpoint: Arc::clone(endpoint) };
            self.0.request_time.get_or_create(&labels).observe(took.as_secs_f64());
        }
        let endpoint = Arc::clone(endpoint);
        let labels = RequestLabels { method, endpoint, status_code: status.as_u16() };
        self.0.requests.get_or_create(&labels).inc();
    }

    /// Notes that an agent was handed work.
    pub(crate) fn work_began(&self, task: TaskId, kind: TaskKind) {
        let mut began = self.0.began.lock().unwrap_or_else(PoisonError::into_inner);
        began.retain(|_, (_, at)| at.elapsed() < LONGEST_WORK); // called off, or its agent died
        began.insert(task, (kind, Instant::now()));
    }

    /// Counts work that ended.
    pub(crate) fn work_ended(&self, agent: AgentName, task: TaskId, ended: Ended) {
        let status = if ended == Ended::Success { "success" } else { "failure" };
        let labels = WorkLabels { agent: agent.as_str(), status };
        self.0.work.get_or_create(&labels).inc();
        let began = self.0.began.lock().unwrap_or_else(PoisonError::into_inner).remove(&task);
        let Some((kind, at)) = began else { return };
        let labels = DurationLabels { agent: agent.as_str(), task_type: kind.as_str() };
        self.0.work_time.get_or_create(&labels).observe(at.elapsed().as_secs_f64());
    }

    /// Takes what runs at this moment.
    pub(crate) fn running(&self, figures: &appliance_tasks::Figures) {
        self.0.home.refresh(figures);
    }

    /// Renders everything, with the gauges that are read at this moment.
    pub(crate) fn text(&self, depths: &[(StreamName, u64)], agents: &[AgentStatus]) -> String {
        for (stream, depth) in depths {
            let labels = QueueLabels { queue: stream.to_string() };
            let depth = i64::try_from(*depth).unwrap_or(i64::MAX);
            self.0.depths.get_or_create(&labels).set(depth);
        }
        for status in agents {
            let labels = AgentLabels { agent: status.name.as_str() };
            let tasks = i64::try_from(status.tasks.len()).unwrap_or(i64::MAX);
            self.0.active.get_or_create(&labels).set(tasks);
        }
        self.0.process.refresh();
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Counts {
    /// The library appends `_total` to counters and `_info` to infos.
    fn register(&mut self) {
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        let registry = &mut self.registry;
        registry.register("build", "What this is", build);
        registry.register("api_requests", "Total API requests", self.requests.clone());
        let help = "API request latency";
        registry.register("api_request_duration_seconds", help, self.request_time.clone());
        registry.register("agent_tasks", "Total tasks processed by agent", self.work.clone());
        let help = "Task processing time";
        registry.register("agent_task_duration_seconds", help, self.work_time.clone());
        let help = "Currently processing tasks";
        registry.register("agent_active_tasks", help, self.active.clone());
        registry.register("redis_messages", "Messages put on the bus", self.messages.clone());
        registry.register("redis_queue_depth", "Pending messages in queue", self.depths.clone());
        registry.register("llm_tokens", "Total tokens consumed", self.tokens.clone());
        let help = "LLM API call latency";
        registry.register("llm_request_duration_seconds", help, self.model_time.clone());
        self.memory.register(registry);
        self.process.register(registry);
        self.home.register(registry);
    }
}

/// Methods that no route knows share one label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_plans() {
        let metrics = Metrics::new();
        let took = Duration::from_millis(3);
        let endpoint: Arc<str> = "/api/tasks/{id}".into();
        metrics.request(&Method::GET, &endpoint, StatusCode::OK, took);
        metrics.request(&Method::from_bytes(b"BREW").unwrap(), &endpoint, StatusCode::OK, took);
        let task = TaskId::from_bytes([1; 16]);
        metrics.work_began(task, TaskKind::Answer);
        metrics.work_ended(AgentName::Code, task, Ended::Success);
        let mut running = appliance_tasks::Figures::default();
        running.running.insert("fleet.watch", 1);
        running.jobs.running = 2;
        running.failed.insert("memory.keep", (3, "panicked".to_owned()));
        metrics.running(&running);
        metrics.running(&running);
        let text = metrics.text(&[(StreamName::new("ai:agent:code").unwrap(), 3)], &[]);
        for line in [
            concat!(r#"build_info{version=""#, env!("CARGO_PKG_VERSION"), r#""} 1"#),
            r#"api_requests_total{method="GET",endpoint="/api/tasks/{id}",status_code="200"} 1"#,
            r#"api_requests_total{method="OTHER",endpoint="/api/tasks/{id}",status_code="200"} 1"#,
            r#"api_request_duration_seconds_count{method="GET",endpoint="/api/tasks/{id}"} 1"#,
            r#"agent_tasks_total{agent="code",status="success"} 1"#,
            r#"agent_task_duration_seconds_bucket{le="600.0",agent="code",task_type="answer"} 1"#,
            r#"redis_queue_depth{queue="ai:agent:code"} 3"#,
            r#"tasks_running{task="fleet.watch"} 1"#,
            r#"task_failures_total{task="memory.keep"} 3"#,
            "blocking_running 2",
            "blocking_longest_seconds 0",
            "process_open_fds ",
            "process_resident_memory_bytes ",
            "process_cpu_seconds_total ",
            "process_start_time_seconds ",
        ] {
            assert!(text.contains(line), "{line}\nnot in\n{text}");
        }
    }
}
