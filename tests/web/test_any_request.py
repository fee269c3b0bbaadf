"""The API asked with what nobody foresaw: no 5xx, answers as the schema says, and nothing leaks.

The requests are drawn from the OpenAPI the application itself gives: a new route is asked without a line here.
"""

import warnings
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from monitor.access import accounts, tokens
from monitor.access.rights import Right
from tests.counts import proof_examples
from tests.web import desk
from tests.web.conftest import served

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own making
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

pytestmark = pytest.mark.filterwarnings("ignore")


def _token(program: Any) -> str:
    """Speaks for the account that may everything: nothing is hidden from the drawn requests behind a 403."""
    desk.session_of(program, "everyone")
    now = program.clock.now()
    with program.sessions.begin() as session:
        account = accounts.find(session, "everyone")
        assert account is not None
        ends = now.replace(year=now.year + 1)
        return tokens.make(session, account, label="t", rights=set(Right), ends_at=ends, now=now, by="test")


def test_no_request_makes_the_api_fail(program: Any) -> None:
    headers = {"authorization": f"Bearer {_token(program)}"}
    with served(program) as address:
        raw = httpx.get(f"{address}/api/v1/openapi.json", headers=headers, timeout=20).json()
        schema = schemathesis.openapi.from_dict(raw)
        asked: dict[str, int] = {}
        for result in schema.get_all_operations():
            operation = result.ok()

            @given(case=operation.as_strategy())
            @settings(
                max_examples=proof_examples(10, 1500),
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            def ask(case: Any) -> None:
                asked[case.operation.label] = asked.get(case.operation.label, 0) + 1
                answer = case.call(base_url=address, headers=headers)
                case.validate_response(
                    answer, checks=[not_a_server_error, response_schema_conformance, status_code_conformance]
                )
                assert not [value for value in desk.PERSON.values() if value in answer.text]

            ask()
    assert len(asked) >= 6
    assert min(asked.values()) >= 1


def test_nothing_in_the_schema_speaks_of_citizens(program: Any) -> None:
    """No field of an answer is made for a name, a phone, an address or a number of a person."""
    headers = {"authorization": f"Bearer {_token(program)}"}
    with served(program) as address:
        raw = httpx.get(f"{address}/api/v1/openapi.json", headers=headers, timeout=20).json()
    fields = {name for model in raw["components"]["schemas"].values() for name in model.get("properties", {})}
    assert fields & {"applicant", "phone", "email", "address", "id_number", "officer"} == set()
    assert "procedure_name" in fields, "the schema was really read"
