"""A step that writes a page about the model."""


def model_card(job, evaluate, checkpoint, *, title="Model"):
    """Write ``card.md`` into the run's folder.

    The first argument is the run's job; the others are outputs of the steps of these names, and ``params``.
    """
    figures = "\n".join(f"- {name}: {value:.4g}" for name, value in evaluate["metrics"].items())
    text = f"# {title}\n\nRun {job.run_id}, checkpoint {checkpoint['folder']}\n\n{figures}\n"
    (job.folder / "card.md").write_text(text, encoding="utf-8")
    return {"card": job.kept("card.md")}
