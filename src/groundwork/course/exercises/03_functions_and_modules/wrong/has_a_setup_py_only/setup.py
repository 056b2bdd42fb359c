from setuptools import setup

setup(name="scorecard", version="0.1.0", py_modules=["scorecard"], install_requires=["numpy"])
