"""Datasets and their dated releases: where secondary emission factors come from."""

from __future__ import annotations

import datetime as dt

import strawberry

from exchange.operations.answers.values import DatasetAnswer, ReleaseAnswer
from exchange.schema.ids import global_id
from exchange.schema.instants import date_of
from exchange.schema.nodes import Node
from exchange.schema.organizations import Organization
from exchange.schema.work import Info


@strawberry.type(description="A publisher's set of secondary emission factors.")
class Dataset(Node):
    answer: strawberry.Private[DatasetAnswer]
    name: str = strawberry.field(description="Its name, which its publisher gives once.")

    @staticmethod
    def of(answer: DatasetAnswer) -> Dataset:
        return Dataset(id=global_id("Dataset", answer.id), answer=answer, name=answer.name)

    @strawberry.field(description="Who publishes it.")
    async def publisher(self, info: Info) -> Organization:
        return await info.context.loaders.visible_organization(self.answer.publisher_id)


@strawberry.type(description="One dated, immutable edition of a dataset.")
class Release(Node):
    answer: strawberry.Private[ReleaseAnswer]
    label: str = strawberry.field(description="What the publisher calls it, such as 2023 or v1.3.0.")
    date: dt.date = strawberry.field(description="When it came out; it stands until the next one does.")

    @staticmethod
    def of(answer: ReleaseAnswer) -> Release:
        return Release(
            id=global_id("Release", answer.id), answer=answer, label=answer.label, date=date_of(answer.date_day)
        )

    @strawberry.field(description="The dataset that it is an edition of.")
    async def dataset(self, info: Info) -> Dataset:
        return await info.context.loaders.visible_dataset(self.answer.dataset_id)
