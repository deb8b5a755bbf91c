import ObjectModel
import Schema
import Testing

/// Each case: what it shows, the object, the patch, and the object after it. Cases with `containers` stand for the pod
/// spec of a Pod.
@Suite struct StrategicMergePatchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let original: String
        let patch: String
        let result: String

        init(_ description: String, _ original: String, _ patch: String, _ result: String) {
            testDescription = description
            self.original = original
            self.patch = patch
            self.result = result
        }
    }

    static let fields = [
        Case("an empty patch changes nothing", #"{"a":{"b":1}}"#, "{}", #"{"a":{"b":1}}"#),
        Case(
            "a scalar replaces", #"{"metadata":{"name":"a"}}"#, #"{"metadata":{"name":"b"}}"#,
            #"{"metadata":{"name":"b"}}"#),
        Case(
            "a new field is added", #"{"metadata":{}}"#, #"{"metadata":{"labels":{"a":"b"}}}"#,
            #"{"metadata":{"labels":{"a":"b"}}}"#),
        Case(
            "null removes", #"{"metadata":{"labels":{"a":"b","c":"d"}}}"#, #"{"metadata":{"labels":{"a":null}}}"#,
            #"{"metadata":{"labels":{"c":"d"}}}"#),
        Case(
            "null of a missing field does nothing", #"{"metadata":{}}"#, #"{"metadata":{"labels":null}}"#,
            #"{"metadata":{}}"#),
        Case(
            "nulls below a new field are dropped", "{}", #"{"metadata":{"labels":{"a":null,"b":"c"}}}"#,
            #"{"metadata":{"labels":{"b":"c"}}}"#),
        Case(
            "maps merge", #"{"metadata":{"labels":{"a":"1"}}}"#, #"{"metadata":{"labels":{"b":"2"}}}"#,
            #"{"metadata":{"labels":{"a":"1","b":"2"}}}"#),
        Case(
            "another type replaces", #"{"metadata":{"labels":{"a":"1"}}}"#, #"{"metadata":{"labels":"x"}}"#,
            #"{"metadata":{"labels":"x"}}"#),
        Case(
            "replace takes the map as it is", #"{"metadata":{"labels":{"a":"1"},"name":"n"}}"#,
            #"{"metadata":{"labels":{"$patch":"replace","b":"2"}}}"#, #"{"metadata":{"labels":{"b":"2"},"name":"n"}}"#),
        Case(
            "delete empties the map", #"{"metadata":{"labels":{"a":"1"}}}"#,
            #"{"metadata":{"labels":{"$patch":"delete"}}}"#, #"{"metadata":{"labels":{}}}"#),
        Case("replace at the top", #"{"a":1,"b":2}"#, #"{"$patch":"replace","c":3}"#, #"{"c":3}"#),
        Case("delete at the top", #"{"a":1,"b":2}"#, #"{"$patch":"delete"}"#, "{}"),
        Case(
            "a directive in a new map drops the map", #"{"metadata":{}}"#,
            #"{"metadata":{"labels":{"$patch":"delete"}}}"#, #"{"metadata":{}}"#),
        Case(
            "an atomic list is replaced", #"{"spec":{"tolerations":[{"key":"a"}]}}"#,
            #"{"spec":{"tolerations":[{"key":"b"}]}}"#, #"{"spec":{"tolerations":[{"key":"b"}]}}"#),
        Case(
            "a list of strings without strategy is replaced",
            #"{"spec":{"containers":[{"name":"a","args":["1","2"]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","args":["3"]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","args":["3"]}]}}"#),
    ]

    static let lists = [
        Case(
            "items with one key merge", #"{"spec":{"containers":[{"name":"a","image":"1"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","image":"2"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","image":"2"}]}}"#),
        Case(
            "unmentioned fields of an item stay", #"{"spec":{"containers":[{"name":"a","image":"1","tty":true}]}}"#,
            #"{"spec":{"containers":[{"name":"a","image":"2"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","image":"2","tty":true}]}}"#),
        Case(
            "null removes a field of an item", #"{"spec":{"containers":[{"name":"a","image":"1"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","image":null}]}}"#, #"{"spec":{"containers":[{"name":"a"}]}}"#),
        Case(
            "a new item comes before the others", #"{"spec":{"containers":[{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"}]}}"#, #"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#),
        Case(
            "items keep the live order when one is patched", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"b","image":"2"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"b","image":"2"}]}}"#),
        Case(
            "patched items take the patch's order", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#),
        Case(
            "delete removes the item", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#, #"{"spec":{"containers":[{"name":"b"}]}}"#),
        Case(
            "delete of a missing item does nothing", #"{"spec":{"containers":[{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"x","$patch":"delete"}]}}"#, #"{"spec":{"containers":[{"name":"a"}]}}"#),
        Case(
            "delete and merge together", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"a","$patch":"delete"},{"name":"b","image":"1"}]}}"#,
            #"{"spec":{"containers":[{"name":"b","image":"1"}]}}"#),
        Case(
            "replace takes the list as it is", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"c"},{"$patch":"replace"}]}}"#,
            #"{"spec":{"containers":[{"name":"c"}]}}"#),
        Case(
            "an item's directive in a new list drops it", #"{"spec":{}}"#,
            #"{"spec":{"containers":[{"name":"a","$patch":"delete"},{"name":"b"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"}]}}"#),
        Case(
            "lists inside items merge too",
            #"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","env":[{"name":"Y","value":"3"}]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"3"}]}]}}"#),
        Case(
            "ports merge by containerPort",
            #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"x"}]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"}]}]}}"#,
            #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"x","protocol":"UDP"}]}]}}"#),
        Case(
            "an empty list changes nothing in a merged list", #"{"spec":{"containers":[{"name":"a"}]}}"#,
            #"{"spec":{"containers":[]}}"#, #"{"spec":{"containers":[{"name":"a"}]}}"#),
        Case(
            "null removes a list", #"{"spec":{"containers":[{"name":"a"}],"hostNetwork":true}}"#,
            #"{"spec":{"containers":null}}"#, #"{"spec":{"hostNetwork":true}}"#),
        Case(
            "strings merge without repeats", #"{"metadata":{"finalizers":["a","b"]}}"#,
            #"{"metadata":{"finalizers":["b","c"]}}"#, #"{"metadata":{"finalizers":["a","b","c"]}}"#),
        Case(
            "strings are deleted by the parallel list", #"{"metadata":{"finalizers":["a","b","c"]}}"#,
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}"#, #"{"metadata":{"finalizers":["a","c"]}}"#),
        Case(
            "deleting from a missing list does nothing", #"{"metadata":{}}"#,
            #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}}"#, #"{"metadata":{}}"#),
        Case(
            "conditions merge by type",
            #"{"status":{"conditions":[{"type":"Ready","status":"False"},{"type":"Other","status":"True"}]}}"#,
            #"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
            #"{"status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Other","status":"True"}]}}"#),
        Case(
            "owners merge by uid", #"{"metadata":{"ownerReferences":[{"uid":"1","name":"a"}]}}"#,
            #"{"metadata":{"ownerReferences":[{"uid":"1","$patch":"delete"},{"uid":"2","name":"b"}]}}"#,
            #"{"metadata":{"ownerReferences":[{"uid":"2","name":"b"}]}}"#),
    ]

    static let orders = [
        Case(
            "the order of elements is set", #"{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"b"},{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"c"},{"name":"b"},{"name":"a"}]}}"#),
        Case(
            "order and change together", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","image":"1"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"},{"name":"a","image":"1"}]}}"#),
        Case(
            "a new item goes where the order says", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"a"},{"name":"x"},{"name":"b"}],"containers":[{"name":"x"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"x"},{"name":"b"}]}}"#),
        Case(
            "items the order leaves out keep their place",
            #"{"spec":{"containers":[{"name":"a"},{"name":"server"},{"name":"b"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"b","image":"1"}]}}"#,
            #"{"spec":{"containers":[{"name":"a"},{"name":"server"},{"name":"b","image":"1"}]}}"#),
        Case(
            "order with a deletion", #"{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}],"containers":[{"name":"b","$patch":"delete"}]}}"#,
            #"{"spec":{"containers":[{"name":"c"},{"name":"a"}]}}"#),
        Case(
            "order of a list that is new", #"{"spec":{}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b"},{"name":"a"}]}}"#,
            #"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#),
        Case(
            "order of a list that nobody has", #"{"spec":{}}"#,
            #"{"spec":{"$setElementOrder/containers":[{"name":"b"}]}}"#, #"{"spec":{}}"#),
        Case(
            "order of strings", #"{"metadata":{"finalizers":["a","b","c"]}}"#,
            #"{"metadata":{"$setElementOrder/finalizers":["c","a"],"finalizers":["c"]}}"#,
            #"{"metadata":{"finalizers":["b","c","a"]}}"#),
        Case(
            "an empty order is no order", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            #"{"spec":{"$setElementOrder/containers":[]}}"#, #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#),
    ]

    static let retained = [
        Case(
            "retained keys stay, others go",
            #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","hostPath"],"hostPath":{"path":"/x"}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}}"#),
        Case(
            "retained keys without changes", #"{"spec":{"volumes":[{"name":"v","emptyDir":{},"secret":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","emptyDir"]}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#),
        Case(
            "nulls need not be retained", #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","$retainKeys":["name"],"emptyDir":null}]}}"#,
            #"{"spec":{"volumes":[{"name":"v"}]}}"#),
        Case(
            "the directive in a new item is left out", #"{"spec":{}}"#,
            #"{"spec":{"volumes":[{"name":"v","$retainKeys":["name","emptyDir"],"emptyDir":{}}]}}"#,
            #"{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}"#),
    ]

    @Test(arguments: fields + lists + orders + retained)
    func followsTheRules(_ example: Case) throws {
        let schema = try Fixture.schema(Fixture.pod)
        let result = try StrategicMergePatch.apply(
            try json(example.patch), to: try json(example.original), schema: schema)
        #expect(result == (try json(example.result)), "\(JSON.text(result))")
    }

    @Test func undoesARolloutWithTheRevisionsOwnData() throws {
        let original = try json(
            """
            {"spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"a"},"annotations":{"new":"yes"}},
            "spec":{"containers":[{"name":"c","image":"2"},{"name":"extra"}]}}}}
            """)
        let patch = try json(
            """
            {"spec":{"template":{"$patch":"replace","metadata":{"creationTimestamp":null,"labels":{"app":"a"}},
            "spec":{"containers":[{"name":"c","image":"1"}]}}}}
            """)
        let schema = try Fixture.schema(Fixture.set)
        var result = try StrategicMergePatch.apply(patch, to: original, schema: schema)
        _ = try schema.decode(&result, as: Fixture.set)
        #expect(
            result
                == (try json(
                    """
                    {"spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"a"}},
                    "spec":{"containers":[{"name":"c","image":"1"}]}}}}
                    """)))
    }

    @Test(arguments: [
        ("[]", 400, "invalid JSON document"),
        (#"{"metadata":{"$patch":"merge"}}"#, 400, #"unknown patch type: merge in map: {"$patch":"merge"}"#),
        (#"{"metadata":{"$retainKeys":"name"}}"#, 400, "invalid patch format of retainKeys"),
        (#"{"metadata":{"$retainKeys":["name"],"labels":{}}}"#, 400, "invalid patch format of retainKeys"),
        (#"{"metadata":{"$setElementOrder/finalizers":"a"}}"#, 400, "invalid patch format of setElementOrder list"),
        (
            #"{"spec":{"containers":[{"image":"x"}]}}"#, 400,
            #"map: {"image":"x"} does not contain declared merge key: name"#
        ),
        (
            #"{"spec":{"containers":[{"name":"a","$patch":"merge"}]}}"#, 400,
            "merging lists cannot yet be specified in the patch"
        ),
        (
            #"{"spec":{"containers":[{"$patch":"delete"}]}}"#, 400,
            #"map: {"$patch":"delete"} does not contain declared merge key: name"#
        ),
        (#"{"spec":{"containers":[[1]]}}"#, 422, "lists of lists are not supported"),
        (
            #"{"spec":{"containers":["text"]}}"#, 400,
            #"list element types are not identical: [{"name":"a"},{"name":"b"},"text"]"#
        ),
        (#"{"spec":{"$deleteFromPrimitiveList/containers":["a"]}}"#, 400, "invalid patch format of primitive list"),
        (
            #"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}}"#, 400,
            "The order in patch list:\n[{\"name\":\"b\"}]\n doesn't match $setElementOrder list:\n[{\"name\":\"a\"}]\n"
        ),
    ])
    func refusesDirectivesThatMakeNoSense(patch: String, code: Int, message: String) throws {
        let original = try json(
            #"{"metadata":{"name":"p","finalizers":["f"]},"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#)
        let schema = try Fixture.schema(Fixture.pod)
        let error = #expect(throws: APIStatus.self) {
            try StrategicMergePatch.apply(try json(patch), to: original, schema: schema)
        }
        #expect(error?.code == code && error?.message == message, "\(error?.message ?? "")")
    }

    @Test func mergesLongListsInLinearTime() throws {
        let items = (0..<20_000).map { Value.object(Fields([("name", .string("e\($0)")), ("value", "x")])) }
        let object: Value = ["spec": ["containers": [["name": "a", "env": .array(items)]]]]
        let reversed: Value = ["spec": ["containers": [["name": "a", "env": .array(items.reversed())]]]]
        let schema = try Fixture.schema(Fixture.pod)
        let result = try StrategicMergePatch.apply(reversed, to: object, schema: schema)
        #expect(result == reversed)
    }
}
