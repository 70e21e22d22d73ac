"""The pure core: tables of facts and findings, the causal graph as queries over them, groups, and their incidents.

Nothing here depends on the order of arrival: tables are sets, and every decision is a query over them.
"""
