//! Which test speaks for which operation.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use tandem_providers::{ghl, openphone};
use tandem_testkit::openapi::deviations::{self, Subject};
use tandem_testkit::workspace_root;

use crate::exchange::{Api, record};
use crate::{text, vendor};

/// A test of operations, under the path that runs it: `cargo test -p tandem-providers --test it PATH`.
pub(crate) struct Named {
    pub(crate) path: &'static str,
    run: fn(),
}

macro_rules! named {
    ($($module:ident::$subject:ident::$name:ident,)*) => {
        &[$(Named {
            path: concat!(stringify!($module), "::", stringify!($subject), "::", stringify!($name)),
            run: crate::$module::$subject::$name,
        }),*]
    };
}

/// All of them.
pub(crate) const TESTS: &[Named] = named![
    ghl::contact::contacts_are_read_written_and_removed,
    ghl::contact::a_change_sends_what_changes_and_nothing_that_put_refuses,
    ghl::search::contacts_are_searched_for,
    ghl::search::duplicates_are_asked_for_by_number_or_address,
    ghl::search::the_people_of_a_company_are_listed_page_by_page,
    ghl::search::the_old_list_is_there_in_the_dated_version_only,
    ghl::search::the_exact_lookup_is_there_in_v3_only,
    ghl::tag::tags_are_added_and_removed,
    ghl::tag::tags_of_many_contacts_are_changed_and_every_refusal_is_told,
    ghl::membership::followers_come_and_go,
    ghl::membership::campaigns_are_joined_and_left,
    ghl::membership::workflows_are_joined_and_left_at_a_time,
    ghl::membership::many_contacts_get_a_company_or_none,
    ghl::task::tasks_of_a_contact_are_read_and_written,
    ghl::task::tasks_of_a_location_are_searched_page_by_page,
    ghl::note::notes_are_read_and_written,
    ghl::appointment::appointments_are_read,
    ghl::location::the_location_tells_whether_it_allows_duplicates,
    ghl::location::tags_of_a_location_are_read_and_written,
    ghl::custom_field::custom_fields_are_read_and_written,
    ghl::user::people_are_searched_for_and_read,
    ghl::user::the_old_list_of_people_is_there_in_the_dated_version_only,
    ghl::conversation::conversations_are_found_and_made,
    ghl::conversation::texts_are_logged_in_either_direction,
    ghl::conversation::calls_are_logged_where_their_direction_belongs,
    ghl::conversation::what_was_logged_is_exported_page_by_page,
    ghl::conversation::a_logged_message_gets_its_state_and_its_recordings,
    ghl::oauth::tokens_are_asked_for_with_a_code_or_a_refresh_token,
    ghl::oauth::a_location_gets_its_token_from_the_agencys,
    ghl::oauth::a_lost_pair_is_replaced_without_anybody_at_a_screen,
    ghl::oauth::installations_are_listed_page_by_page,
    openphone::contact::contacts_are_listed_in_pages_and_looked_up_twenty_keys_at_a_time,
    openphone::contact::a_contact_is_read_made_and_removed,
    openphone::contact::a_whole_document_goes_back_with_everything_that_was_in_it,
    openphone::contact::custom_fields_are_listed_with_their_types,
    openphone::thin::thin_contacts_are_listed_and_looked_up,
    openphone::thin::a_thin_contact_is_read_made_changed_and_removed,
    openphone::thin::who_sees_a_contact_is_listed,
    openphone::property::properties_are_read_and_written_one_by_one,
    openphone::note::notes_are_read_and_written,
    openphone::conversation::conversations_are_listed_by_time_and_number,
    openphone::conversation::conversations_are_marked,
    openphone::task::tasks_are_read_and_removed,
    openphone::task::tasks_are_made_on_what_each_surface_takes,
    openphone::task::everything_that_can_be_done_to_a_task_is_done_on_both_surfaces,
    openphone::message::messages_are_listed_and_read,
    openphone::message::a_message_can_be_sent,
    openphone::call::calls_are_listed_and_read,
    openphone::call::recordings_summaries_transcripts_and_voicemails_are_read,
    openphone::call::transcripts_of_both_surfaces_are_read_line_by_line,
    openphone::workspace::users_are_listed_and_read,
    openphone::workspace::numbers_are_listed_and_read,
    openphone::workspace::the_organization_tells_whether_it_is_paid_for,
    openphone::hook::webhooks_are_made_changed_rotated_and_removed,
    openphone::hook::deliveries_are_listed_read_and_asked_for_again,
    openphone::hook::a_signed_sample_can_be_asked_for,
    openphone::hook::webhooks_of_the_older_kind_are_found_made_and_removed,
];

/// What the tests have exercised.
pub(crate) struct Coverage {
    /// The first test of each operation.
    pub(crate) tests: BTreeMap<(Api, &'static str), &'static str>,
    deviations: std::collections::BTreeSet<usize>,
}

/// Runs all of them, once.
pub(crate) fn coverage() -> &'static Coverage {
    static COVERAGE: OnceLock<Coverage> = OnceLock::new();
    COVERAGE.get_or_init(|| {
        let mut coverage = Coverage { tests: BTreeMap::new(), deviations: std::collections::BTreeSet::new() };
        drop(record());
        for test in TESTS {
            (test.run)();
            let met = record();
            assert!(!met.exercised.is_empty(), "{} exercises nothing", test.path);
            coverage.deviations.extend(met.deviations);
            for operation in met.exercised {
                coverage.tests.entry(operation).or_insert(test.path);
            }
        }
        coverage
    })
}

#[test]
fn every_operation_is_asked_and_answered_in_every_version_that_has_it() {
    let tests = &coverage().tests;
    let mut missing = Vec::new();
    for operation in ghl::operations::ALL {
        let offered = Api::GHL.into_iter().filter(|api| api.version().offers(operation).is_ok());
        missing.extend(offered.map(|api| (api, operation.name)).filter(|one| !tests.contains_key(one)));
    }
    let openphone = openphone::operations::ALL.iter().map(|operation| (Api::OpenPhone, operation.name));
    missing.extend(openphone.filter(|one| !tests.contains_key(one)));
    assert!(missing.is_empty(), "no test in the registry asks for {missing:#?}");
}

#[test]
fn every_named_test_is_one() {
    for Named { path, .. } in TESTS {
        let (module, name) = path.rsplit_once("::").unwrap();
        let file = workspace_root().join("crates/providers/tests/it").join(format!("{}.rs", module.replace("::", "/")));
        let wanted = format!("#[test]\npub(crate) fn {name}() {{");
        assert!(text(&file).contains(&wanted), "{} has no test {name}", file.display());
    }
}

#[test]
fn no_deviation_of_requests_is_out_of_date() {
    if vendor().is_none() {
        return;
    }
    for subject in [Subject::GhlRequests, Subject::OpenPhoneRequests] {
        let unused = deviations::unused(subject, &coverage().deviations);
        assert!(unused.is_empty(), "{} no longer deviate: {unused:#?}", subject.name());
    }
}
