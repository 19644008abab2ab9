//! Calling an answer off: what was written stays, the agents' claims end, others' tasks are safe.

use appliance_core::{
    AgentName, Batch, EventBody, MessageId, Task, TaskId, TaskKind, TaskStatus, Topic, Write,
    ports::{Live, Records, Tasks},
};
use serde_json::json;
use web_dto::{Accepted, MessageList, Problem, TaskView};

use crate::house::{As, House, Person};

struct Scene {
    house: House,
    ann: Person,
    bob: Person,
    thread: String,
    asked: Accepted,
}

async fn scene() -> Scene {
    let house = House::new();
    let (ann, bob) = house.two_people().await;
    let thread = house.conversation(As::Bearer(&ann)).await;
    let asked = house.say(&thread, As::Bearer(&ann), "write a long poem").await;
    Scene { house, ann, bob, thread, asked }
}

impl Scene {
    /// The worker's part of the message, in its agent's hands.
    async fn delegate(&self) -> TaskId {
        let root = self.root().await;
        let id = self.house.mint.next(TaskId::from_uuid);
        let child = Task {
            id,
            parent_task_id: Some(root.id),
            assigned_agent: AgentName::Code,
            kind: TaskKind::Answer,
            status: TaskStatus::Pending,
            ..root
        };
        self.house.store.apply(Batch::new().write(Write::PutTask(child))).await.unwrap();
        id
    }

    async fn root(&self) -> Task {
        let id = self.asked.task_id.parse().unwrap();
        Tasks::get(&self.house.store, id).await.unwrap().unwrap()
    }

    /// A piece of the answer, as the desk shows it.
    fn write(&self, offset: u64, text: &str) {
        let message_id: MessageId = self.asked.answer_id.parse().unwrap();
        let answers: MessageId = self.asked.message_id.parse().unwrap();
        let text = text.to_owned();
        let agent = AgentName::Code;
        let body = EventBody::Chunk { message_id, answers, agent, attempt: 1, offset, text };
        self.house.live.publish(Topic::Conversation(self.thread.parse().unwrap()), body);
    }

    async fn cancel(&self, id: &str, who: &Person) -> crate::house::Answer {
        let path = format!("/api/tasks/{id}/cancel");
        self.house.post(&path, As::Bearer(who), &json!({})).await
    }

    async fn messages(&self) -> MessageList {
        let path = format!("/api/conversations/{}/messages", self.thread);
        self.house.get(&path, As::Bearer(&self.ann)).await.json()
    }
}

#[tokio::test]
async fn what_was_written_stays_as_a_stopped_answer() {
    let scene = scene().await;
    let child = scene.delegate().await;
    scene.write(0, "Roses are ");
    scene.write(10, "red");
    // The worker's part stands for the whole.
    let ended: TaskView = scene.cancel(&child.to_string(), &scene.ann).await.json();
    assert_eq!((ended.id.as_str(), ended.status.as_str()), (&*scene.asked.task_id, "cancelled"));

    let list = scene.messages().await;
    assert!(list.in_flight.is_empty(), "nothing is being written any more");
    let answer = list.messages.last().unwrap();
    assert_eq!((answer.id.as_str(), answer.stopped), (&*scene.asked.answer_id, true));
    assert_eq!((answer.role.as_str(), answer.content.as_str()), ("assistant", "Roses are red"));
    assert_eq!((answer.agent.as_deref(), &answer.model), (Some("code"), &None));
    let part = Tasks::get(&scene.house.store, child).await.unwrap().unwrap();
    assert_eq!(part.status, TaskStatus::Cancelled);
}

#[tokio::test]
async fn a_late_word_does_not_begin_the_answer_anew() {
    let scene = scene().await;
    scene.write(0, "one ");
    scene.cancel(&scene.asked.task_id, &scene.ann).await;
    scene.write(0, "one ");
    scene.write(4, "two");
    let list = scene.messages().await;
    assert!(list.in_flight.is_empty());
    assert_eq!(list.messages.last().unwrap().content, "one ");
}

#[tokio::test]
async fn an_answer_without_a_word_says_that_it_was_stopped() {
    let scene = scene().await;
    scene.cancel(&scene.asked.task_id, &scene.ann).await;
    let list = scene.messages().await;
    let answer = list.messages.last().unwrap();
    assert_eq!((answer.role.as_str(), answer.stopped), ("system", false));
    assert!(answer.content.starts_with("Stopped"), "{}", answer.content);
}

#[tokio::test]
async fn calling_off_twice_changes_nothing_more() {
    let scene = scene().await;
    for _ in 0..2 {
        let ended: TaskView = scene.cancel(&scene.asked.task_id, &scene.ann).await.json();
        assert_eq!(ended.status, "cancelled");
    }
    assert_eq!(scene.messages().await.messages.len(), 2, "one question, one end");
}

#[tokio::test]
async fn nobody_else_can_call_it_off() {
    let scene = scene().await;
    let refused: Problem =
        scene.cancel(&scene.asked.task_id, &scene.bob).await.refused(404, "not_found");
    assert!(refused.detail.contains("task"));
    assert_eq!(scene.root().await.status, TaskStatus::Pending);
}
