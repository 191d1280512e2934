"""Files of a run's recipients: who sees whom in them."""

import stat

import pytest

from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, operations, working
from clarion.deliveries.models import Export, ExportFormat, Run
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import permissions
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Permission, Role
from tests import ledgers
from tests.integration.deliveries.exporting.reading import bytes_of, made, sheets_of, table_of

pytestmark = pytest.mark.django_db


class TestPrivacy:
    @pytest.fixture
    def masked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Authors may export, but see no addresses."""
        grants = permissions._GRANTS | {Role.AUTHOR: frozenset({Permission.VIEW, Permission.EXPORT})}
        monkeypatch.setattr(permissions, "_GRANTS", grants)
        permissions.permissions_of.cache_clear()
        yield  # type: ignore[misc]
        monkeypatch.undo()
        permissions.permissions_of.cache_clear()

    @pytest.mark.parametrize("kind", ExportFormat.values)
    @pytest.mark.usefixtures("masked")
    def test_without_the_permission_no_name_and_no_address_is_in_the_file(
        self, run: Run, people: ledgers.People, kind: str
    ) -> None:
        by = ledgers.actor(people.bob)
        export = operations.create_export(run=run, wanted=Wanted(), kind=kind, by=by)
        working.run_export_job(export.pk)
        export.refresh_from_db()

        data = bytes_of(export)
        text = str(sheets_of(data)) if kind == "XLSX" else data.decode()

        assert "p•••@e•••.test" in text
        assert "person0" not in text
        assert "Number" not in text

    @pytest.mark.usefixtures("masked")
    def test_a_masked_search_finds_nobody_by_address(self, run: Run, people: ledgers.People) -> None:
        by = ledgers.actor(people.bob)
        export = operations.create_export(
            run=run, wanted=Wanted.read({"q": "person0000012"}), kind="CSV", by=by
        )
        working.run_export_job(export.pk)

        assert table_of(Export.objects.get(pk=export.pk)) == []

    @pytest.mark.usefixtures("masked")
    def test_a_whole_file_is_not_for_who_may_see_masked_ones_only(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people)

        with pytest.raises(NotAllowed):
            operations.record_download(export=export, by=ledgers.actor(people.bob))

    def test_a_viewer_gets_none_and_a_stranger_finds_no_run(self, run: Run, people: ledgers.People) -> None:
        with pytest.raises(NotAllowed):
            operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=ledgers.actor(people.vera))
        with pytest.raises(ExportRefused):
            operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=ledgers.actor(people.mallory))

    def test_only_we_can_read_the_file_and_its_name_says_nothing(
        self, run: Run, people: ledgers.People
    ) -> None:
        path = files.path_of(made(run, people).file_path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(files.folder().stat().st_mode) == 0o700
        assert len(path.stem) == 32
        assert set(path.stem) <= set("0123456789abcdef")

    def test_the_trail_names_the_filter_but_not_what_was_searched_for(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people, status="sent", q="person0000012")
        operations.record_download(export=export, by=ledgers.actor(people.alice))
        operations.delete_export(export=export, by=ledgers.actor(people.alice))

        told = list(AuditEvent.objects.order_by("number").values_list("action", "changes"))

        assert [action for action, _changes in told] == [
            "campaign.export", "campaign.export_done", "campaign.export_download", "campaign.export_delete",
        ]  # fmt: skip
        assert {changes["filter"][1] for _action, changes in told} == {"status=sent&q=…"}
