"""A capability for the modules of others: each Deployment says which team it belongs to, and so do its Pods."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from poblano import Capability, Decision, MutateRequest, ValidateRequest, a

__all__ = ["LABEL", "judge_team", "label_pods", "team_labels"]

LABEL = "team"


def team_labels(teams: Collection[str], *, namespaces: Sequence[str] = ()) -> Capability:
    """The capability, for a module.

    Importing this package defines nothing. Who calls this has a capability of their own, with their teams.

    Args:
        teams: that there are.
        namespaces: where the rules hold; without any, in the whole cluster.
    """
    labels = Capability("team-labels", description="Each Deployment belongs to a team", namespaces=list(namespaces))

    def named_team(deployment: ValidateRequest[a.Deployment]) -> Decision:
        return judge_team(deployment, teams)

    labels.when(a.Deployment).is_created_or_updated().mutate(label_pods).validate(named_team)
    return labels


def label_pods(deployment: MutateRequest[a.Deployment]) -> None:
    """Put the team of a Deployment on its Pods as well."""
    team = deployment.raw.metadata.labels.get(LABEL)
    if team:
        deployment.raw.spec.template.metadata.labels[LABEL] = team


def judge_team(deployment: ValidateRequest[a.Deployment], teams: Collection[str]) -> Decision:
    """Refuse a Deployment that belongs to no team that there is."""
    team = deployment.raw.metadata.labels.get(LABEL)
    if team in teams:
        return deployment.approve()
    return deployment.deny(f"the label {LABEL} must name one of {', '.join(sorted(teams))}, not {team or 'nothing'}")
