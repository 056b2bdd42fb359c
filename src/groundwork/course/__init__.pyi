from groundwork.course._capstone import blamed, capstone_modules, grade_capstone
from groundwork.course._capstone_modules import Module, digest_at
from groundwork.course._catalog import Exercise, capstone, exercises, find_exercise
from groundwork.course._grade import Grade, grade
from groundwork.course._measurements import print_measurements
from groundwork.course._paths import is_file, is_folder, pasted, see_readable
from groundwork.course._process import LearnerProcess
from groundwork.course._progress import (
    CheckState,
    Progress,
    completes_core,
    digest_of,
    read_progress,
    record_grade,
    record_hint,
    record_start,
)
from groundwork.course._progress_page import progress_page, report_page
from groundwork.course._report import Learner, hardest_checks, learners, report_csv, report_rows
from groundwork.course._solution import Part, learner_text, library_files, library_parts
from groundwork.course._standing import LevelCount, Standing, count_levels, standing, standings
from groundwork.course._verify import Claim, Proof, claims_of, prove, unseen, verify
from groundwork.course._watch import Saves, Watcher
from groundwork.course._why import Reason, line_of, reason_of, source_of_check
from groundwork.course._workspace import course_folder, current_exercise, exercise_folder, find_solution, reset, start

__all__ = [
    "CheckState",
    "Claim",
    "Exercise",
    "Grade",
    "Learner",
    "LearnerProcess",
    "LevelCount",
    "Module",
    "Part",
    "Progress",
    "Proof",
    "Reason",
    "Saves",
    "Standing",
    "Watcher",
    "blamed",
    "capstone",
    "capstone_modules",
    "claims_of",
    "completes_core",
    "count_levels",
    "course_folder",
    "current_exercise",
    "digest_at",
    "digest_of",
    "exercise_folder",
    "exercises",
    "find_exercise",
    "find_solution",
    "grade",
    "grade_capstone",
    "hardest_checks",
    "is_file",
    "is_folder",
    "learner_text",
    "learners",
    "library_files",
    "library_parts",
    "line_of",
    "pasted",
    "print_measurements",
    "progress_page",
    "prove",
    "read_progress",
    "reason_of",
    "record_grade",
    "record_hint",
    "record_start",
    "report_csv",
    "report_page",
    "report_rows",
    "reset",
    "see_readable",
    "source_of_check",
    "standing",
    "standings",
    "start",
    "unseen",
    "verify",
]
