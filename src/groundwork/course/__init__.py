"""The course: exercises that rebuild the parts of groundwork, graded by the contracts that grade groundwork itself."""

from groundwork.course._catalog import Exercise, exercises, find_exercise
from groundwork.course._grade import Grade, grade
from groundwork.course._process import LearnerProcess
from groundwork.course._workspace import find_folder, find_solution, load_progress, save_progress, start

__all__ = [
    "Exercise",
    "Grade",
    "LearnerProcess",
    "exercises",
    "find_exercise",
    "find_folder",
    "find_solution",
    "grade",
    "load_progress",
    "save_progress",
    "start",
]
