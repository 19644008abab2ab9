//! Rules of the port `AuditTrail`: what happened, and what the operator decided about agents.

use appliance_core::{Actor, AgentName, AuditEvent, Timestamp, Write};

use crate::{Checked, StoreFixture, given};

/// Events are listed newest first by the store's order, complete by pages, whatever the clock says.
pub async fn events_list_newest_first(it: &mut impl StoreFixture) -> Checked {
    let mut made = Vec::new();
    for number in 0..10 {
        if number == 5 {
            it.set_wall(Timestamp::from_unix_micros(0));
        }
        let event = given::audit(&it.mint(), &number.to_string());
        it.write(vec![Write::AppendAudit(event.clone())]).await?;
        made.insert(0, event);
    }
    it.reopen().await;
    for limit in [1, 3, 10, 11] {
        let found = given::all(limit, |page| {
            let trail = it.trail();
            async move { trail.events(page).await }
        });
        assert_eq!(found.await?, made, "{limit} a page");
    }
    Ok(())
}

/// Every actor reads back as it was written.
pub async fn every_actor_reads_back(it: &mut impl StoreFixture) -> Checked {
    let user = given::a_user(it).await?;
    let actors = [Actor::User(user), Actor::Agent(AgentName::Qa), Actor::System, Actor::Anonymous];
    for actor in actors {
        let event = AuditEvent {
            actor,
            actor_ip: Some("::1".to_owned()),
            resource_type: Some("session".to_owned()),
            ..given::audit(&it.mint(), "auth.login")
        };
        it.write(vec![Write::AppendAudit(event.clone())]).await?;
        let page = it.trail().events(appliance_core::PageRequest::new(1, None)).await?;
        assert_eq!(page.items, [event]);
    }
    Ok(())
}

/// What a line is about reads back as it was written, whether or not it is an id.
pub async fn every_resource_reads_back(it: &mut impl StoreFixture) -> Checked {
    let id = given::audit(&it.mint(), "made").id.to_string();
    let paths = [id.clone(), id.to_uppercase(), id.replace('-', ""), "2".to_owned(), String::new()];
    for path in paths.into_iter().map(Some).chain([None]) {
        let event = AuditEvent { resource_path: path, ..given::audit(&it.mint(), "memory.forget") };
        it.write(vec![Write::AppendAudit(event.clone())]).await?;
        let page = it.trail().events(appliance_core::PageRequest::new(1, None)).await?;
        assert_eq!(page.items, [event]);
    }
    Ok(())
}

/// An agent is wanted until somebody says otherwise, and that survives a restart.
pub async fn a_stopped_agent_stays_stopped(it: &mut impl StoreFixture) -> Checked {
    assert!(it.trail().agent_wanted(AgentName::Code).await?);
    it.write(vec![Write::PutAgentWanted { agent: AgentName::Code, wanted: false }]).await?;
    it.reopen().await;
    assert!(!it.trail().agent_wanted(AgentName::Code).await?);
    assert!(it.trail().agent_wanted(AgentName::Data).await?);
    it.write(vec![Write::PutAgentWanted { agent: AgentName::Code, wanted: true }]).await?;
    assert!(it.trail().agent_wanted(AgentName::Code).await?);
    Ok(())
}

/// Expands to one test a rule of this file.
#[macro_export]
macro_rules! trail_contract {
    ($fixture:expr) => {
        $crate::contract_tests!(
            trail,
            $fixture,
            events_list_newest_first,
            every_actor_reads_back,
            every_resource_reads_back,
            a_stopped_agent_stays_stopped,
        );
    };
}
