"""Metrics to begin with."""

import re

import msgspec

from vivavoce.views.disposition_templates import TEMPLATES

TYPES = {"STRING", "BOOLEAN", "INTEGER", "ENUM", "DATETIME"}


def test_templates_show_every_type() -> None:
    """One of each at least, so that whoever looks knows what there is."""
    assert TYPES == {template.disposition_metric_type for template in TEMPLATES}


def test_templates_keep_the_rules_for_metrics() -> None:
    """Identifiers of lower-case words, each once; choices where there is something to choose."""
    identifiers = [template.identifier for template in TEMPLATES]

    assert len(identifiers) == len(set(identifiers))
    for template in TEMPLATES:
        assert re.fullmatch(r"[a-z0-9_]+", template.identifier)
        assert (template.disposition_metric_type == "ENUM") == (template.choices is not msgspec.UNSET)
