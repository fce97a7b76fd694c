"""Every measure by its id."""

from appraisal.kpis.measures.complaints import COMPLAINT_MEASURES
from appraisal.kpis.measures.declaration import Measure
from appraisal.kpis.measures.learning import LEARNING_MEASURES
from appraisal.kpis.measures.metrics import METRIC_MEASURES
from appraisal.kpis.measures.rated import RATED_MEASURES
from appraisal.kpis.measures.reports import REPORT_MEASURES
from appraisal.kpis.measures.surveys import SURVEY_MEASURES
from appraisal.kpis.measures.tickets import TICKET_MEASURES
from appraisal.kpis.measures.visits import VISIT_MEASURES
from appraisal.kpis.measures.work import WORK_MEASURES

MEASURES: dict[str, Measure] = {
    measure.id: measure
    for measure in (
        *TICKET_MEASURES,
        *VISIT_MEASURES,
        *SURVEY_MEASURES,
        *COMPLAINT_MEASURES,
        *REPORT_MEASURES,
        *WORK_MEASURES,
        *LEARNING_MEASURES,
        *RATED_MEASURES,
        *METRIC_MEASURES,
    )
}


def get_measure(measure_id: str) -> Measure:
    """Return a measure. Raises KeyError for an id that is not declared."""
    return MEASURES[measure_id]
