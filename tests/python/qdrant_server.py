"""A Qdrant server for machines that have none: the official gRPC stubs, the real engine behind them.

Answers Qdrant's own protocol with the stubs of PyPI's `qdrant-client` and hands every operation to
`qdrant-edge-py`, which is Qdrant's engine as a library. So what a filter lets through and how near a
vector is are Qdrant's own answers; only the plumbing between is here. Knows the calls that
vector/qdrant makes; the stubs answer UNIMPLEMENTED to all others.

Usage: qdrant_server.py DIRECTORY [graph]. Keeps its shards in DIRECTORY, prints the port it listens on
and ends when its standard input does. With `graph` it builds HNSW graphs from the first few points
on. With the variable QDRANT_TEST_KEY set, it wants that key.
"""

import os
import shutil
import sys
import time
from concurrent import futures
from datetime import datetime, timedelta, timezone

import grpc
import qdrant_edge as edge
from qdrant_client.grpc import collections_pb2, collections_service_pb2_grpc, json_with_int_pb2
from qdrant_client.grpc import points_pb2, points_service_pb2_grpc, qdrant_common_pb2
from qdrant_client.grpc import qdrant_pb2, qdrant_pb2_grpc

DIRECTORY = sys.argv[1]
GRAPH = "graph" in sys.argv[2:]
KEY = os.environ.get("QDRANT_TEST_KEY")

KINDS = {
    points_pb2.FieldTypeKeyword: (edge.PayloadSchemaType.Keyword, collections_pb2.Keyword),
    points_pb2.FieldTypeFloat: (edge.PayloadSchemaType.Float, collections_pb2.Float),
    points_pb2.FieldTypeDatetime: (edge.PayloadSchemaType.Datetime, collections_pb2.Datetime),
}


class Collection:
    """One collection: a shard of the engine, and what is told of it."""

    def __init__(self, name, size):
        options = {}
        if GRAPH:
            options["hnsw_config"] = edge.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=1)
            options["optimizers"] = edge.EdgeOptimizersConfig(indexing_threshold=1)
        vectors = edge.EdgeVectorParams(size=size, distance=edge.Distance.Cosine)
        path = os.path.join(DIRECTORY, name)
        os.makedirs(path)
        self.shard = edge.EdgeShard.create(path, edge.EdgeConfig(vectors=vectors, **options))
        self.size = size
        self.fields = {}
        self.updates = 0

    def update(self, operation):
        self.shard.update(operation)
        self.updates += 1
        if GRAPH and self.updates % 20 == 0:
            self.shard.optimize()


COLLECTIONS = {}


def collection(name, context):
    if name not in COLLECTIONS:
        context.abort(grpc.StatusCode.NOT_FOUND, f"Not found: Collection `{name}` doesn't exist!")
    return COLLECTIONS[name]


def point_id(point):
    return point.uuid if point.HasField("uuid") else point.num


def to_point_id(point):
    if isinstance(point, int):
        return qdrant_common_pb2.PointId(num=point)
    return qdrant_common_pb2.PointId(uuid=str(point))


def plain(value):
    kind = value.WhichOneof("kind")
    if kind in (None, "null_value"):
        return None
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "struct_value":
        return {name: plain(item) for name, item in value.struct_value.fields.items()}
    return getattr(value, kind)


def to_value(plain):
    if isinstance(plain, bool):
        return json_with_int_pb2.Value(bool_value=plain)
    if isinstance(plain, int):
        return json_with_int_pb2.Value(integer_value=plain)
    if isinstance(plain, float):
        return json_with_int_pb2.Value(double_value=plain)
    return json_with_int_pb2.Value(string_value=plain)


def payload(fields):
    return {name: plain(value) for name, value in fields.items()}


def moment(bounds, name):
    if not bounds.HasField(name):
        return None
    stamp = getattr(bounds, name)
    begin = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (begin + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)).isoformat()


def number(bounds, name):
    return getattr(bounds, name) if bounds.HasField(name) else None


def field(condition):
    bounds = ("gte", "gt", "lte", "lt")
    if condition.HasField("match"):
        word = getattr(condition.match, condition.match.WhichOneof("match_value"))
        return edge.FieldCondition(condition.key, match=edge.MatchValue(word))
    if condition.HasField("datetime_range"):
        span = {name: moment(condition.datetime_range, name) for name in bounds}
        return edge.FieldCondition(condition.key, range=edge.RangeDateTime(**span))
    span = {name: number(condition.range, name) for name in bounds}
    return edge.FieldCondition(condition.key, range=edge.RangeFloat(**span))


def condition(it):
    kind = it.WhichOneof("condition_one_of")
    if kind == "field":
        return field(it.field)
    if kind == "is_empty":
        return edge.IsEmptyCondition(it.is_empty.key)
    if kind == "has_id":
        return edge.HasIdCondition({point_id(point) for point in it.has_id.has_id})
    if kind == "filter":
        return filter_of(it.filter)
    raise NotImplementedError(f"the condition {kind}")


def filter_of(it):
    parts = {name: [condition(one) for one in getattr(it, name)] for name in ("must", "should", "must_not")}
    return edge.Filter(**{name: part for name, part in parts.items() if part})


def dense(vector):
    return list(vector.dense.data if vector.HasField("dense") else vector.data)


def done(begin):
    result = points_pb2.UpdateResult(operation_id=1, status=points_pb2.Completed)
    return points_pb2.PointsOperationResponse(result=result, time=time.time() - begin)


class Root(qdrant_pb2_grpc.QdrantServicer):
    def HealthCheck(self, request, context):
        return qdrant_pb2.HealthCheckReply(title="qdrant - vector search engine", version="1.20.0")


class Collections(collections_service_pb2_grpc.CollectionsServicer):
    def CollectionExists(self, request, context):
        found = collections_pb2.CollectionExists(exists=request.collection_name in COLLECTIONS)
        return collections_pb2.CollectionExistsResponse(result=found)

    def Create(self, request, context):
        name = request.collection_name
        if name in COLLECTIONS:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"Collection `{name}` already exists!")
        COLLECTIONS[name] = Collection(name, request.vectors_config.params.size)
        return collections_pb2.CollectionOperationResponse(result=True)

    def Delete(self, request, context):
        gone = COLLECTIONS.pop(request.collection_name, None)
        if gone is not None:
            gone.shard.close()
            shutil.rmtree(os.path.join(DIRECTORY, request.collection_name))
        return collections_pb2.CollectionOperationResponse(result=True)

    def Get(self, request, context):
        found = collection(request.collection_name, context)
        params = collections_pb2.VectorParams(size=found.size, distance=collections_pb2.Cosine)
        vectors = collections_pb2.VectorsConfig(params=params)
        config = collections_pb2.CollectionConfig(
            params=collections_pb2.CollectionParams(vectors_config=vectors)
        )
        schema = {
            name: collections_pb2.PayloadSchemaInfo(data_type=kind)
            for name, kind in found.fields.items()
        }
        info = collections_pb2.CollectionInfo(config=config, payload_schema=schema)
        return collections_pb2.GetCollectionInfoResponse(result=info)


class Points(points_service_pb2_grpc.PointsServicer):
    def Upsert(self, request, context):
        begin, found = time.time(), collection(request.collection_name, context)
        points = []
        for point in request.points:
            vector = dense(point.vectors.vector)
            if len(vector) != found.size:
                words = f"Vector dimension error: expected dim: {found.size}, got {len(vector)}"
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, words)
            points.append(edge.Point(point_id(point.id), vector, payload(point.payload)))
        found.update(edge.UpdateOperation.upsert_points(points))
        return done(begin)

    def Delete(self, request, context):
        begin, found = time.time(), collection(request.collection_name, context)
        if request.points.HasField("filter"):
            which = filter_of(request.points.filter)
            found.update(edge.UpdateOperation.delete_points_by_filter(which))
        else:
            ids = [point_id(point) for point in request.points.points.ids]
            found.update(edge.UpdateOperation.delete_points(ids))
        return done(begin)

    def UpdateBatch(self, request, context):
        found = collection(request.collection_name, context)
        results = []
        for operation in request.operations:
            if operation.WhichOneof("operation") != "overwrite_payload":
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "only overwrite_payload is known here")
            change = operation.overwrite_payload
            ids = [point_id(point) for point in change.points_selector.points.ids]
            found.update(edge.UpdateOperation.overwrite_payload(ids, payload(change.payload)))
            results.append(points_pb2.UpdateResult(operation_id=1, status=points_pb2.Completed))
        return points_pb2.UpdateBatchResponse(result=results)

    def Get(self, request, context):
        found = collection(request.collection_name, context)
        ids = [point_id(point) for point in request.ids]
        with_payload, with_vectors = request.with_payload.enable, request.with_vectors.enable
        records = found.shard.retrieve(ids, with_payload, with_vectors)
        points = []
        for record in records:
            point = points_pb2.RetrievedPoint(id=to_point_id(record.id))
            for name, value in (record.payload or {}).items():
                point.payload[name].CopyFrom(to_value(value))
            if with_vectors:
                point.vectors.vector.dense.data.extend(record.vector)
            points.append(point)
        return points_pb2.GetResponse(result=points)

    def Count(self, request, context):
        found = collection(request.collection_name, context)
        which = filter_of(request.filter) if request.HasField("filter") else None
        count = found.shard.count(edge.CountRequest(exact=request.exact, filter=which))
        return points_pb2.CountResponse(result=points_pb2.CountResult(count=count))

    def Query(self, request, context):
        begin, found = time.time(), collection(request.collection_name, context)
        vector = list(request.query.nearest.dense.data)
        query = edge.QueryRequest(
            limit=request.limit,
            query=edge.Query.Nearest(vector),
            filter=filter_of(request.filter) if request.HasField("filter") else None,
            params=edge.SearchParams(exact=request.params.exact),
        )
        scored = [
            points_pb2.ScoredPoint(id=to_point_id(point.id), score=point.score)
            for point in found.shard.query(query)
        ]
        return points_pb2.QueryResponse(result=scored, time=time.time() - begin)

    def CreateFieldIndex(self, request, context):
        begin, found = time.time(), collection(request.collection_name, context)
        kind, told = KINDS[request.field_type]
        if request.field_index_params.HasField("keyword_index_params"):
            kind = edge.KeywordIndexParams(
                is_tenant=request.field_index_params.keyword_index_params.is_tenant
            )
        found.update(edge.UpdateOperation.create_field_index(request.field_name, kind))
        found.fields[request.field_name] = told
        return done(begin)


class Keeper(grpc.ServerInterceptor):
    """Lets in who has the key."""

    def intercept_service(self, go_on, details):
        if KEY is None or dict(details.invocation_metadata).get("api-key") == KEY:
            return go_on(details)
        words = "Must provide an API key or an Authorization bearer token"
        refuse = lambda request, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, words)
        return grpc.unary_unary_rpc_method_handler(refuse)


def main():
    # One worker: the engine's shards are written to by one at a time.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), interceptors=[Keeper()])
    qdrant_pb2_grpc.add_QdrantServicer_to_server(Root(), server)
    collections_service_pb2_grpc.add_CollectionsServicer_to_server(Collections(), server)
    points_service_pb2_grpc.add_PointsServicer_to_server(Points(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(0)


main()
