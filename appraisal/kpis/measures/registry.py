"""Every measure by its id, in the order of SPEC 1."""

from appraisal.kpis.measures.declaration import Measure
from appraisal.kpis.measures.later import LATER
from appraisal.kpis.measures.surveys import SURVEY_MEASURES
from appraisal.kpis.measures.tickets import TICKET_MEASURES
from appraisal.kpis.measures.visits import VISIT_MEASURES

MEASURES: dict[str, Measure] = {
    measure.id: measure for measure in (*TICKET_MEASURES, *VISIT_MEASURES, *SURVEY_MEASURES, *LATER)
}


def get_measure(measure_id: str) -> Measure:
    """Return a measure. Raises KeyError for an id that is not declared."""
    return MEASURES[measure_id]
