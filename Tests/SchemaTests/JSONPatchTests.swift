import ObjectModel
import Schema
import Testing

@Suite struct JSONPatchTests {
    @Test(arguments: [
        (#"{"a":1}"#, "[]", #"{"a":1}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":2}]"#, #"{"a":1,"b":2}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/a","value":2}]"#, #"{"a":2}"#),
        (#"{"a":[1,3]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2,3]}"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/-","value":2}]"#, #"{"a":[1,2]}"#),
        (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2]}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":null}]"#, #"{"a":1,"b":null}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"","value":{"b":2}}]"#, #"{"b":2}"#),
        (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a"}]"#, #"{"b":2}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/1"}]"#, #"{"a":[1,3]}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/-1"}]"#, #"{"a":[1,2]}"#),
        (#"{"a":{"b":{"c":1}}}"#, #"[{"op":"replace","path":"/a/b/c","value":[2]}]"#, #"{"a":{"b":{"c":[2]}}}"#),
        (#"{"a":[{"b":1}]}"#, #"[{"op":"replace","path":"/a/0/b","value":2}]"#, #"{"a":[{"b":2}]}"#),
        (#"{"a":{"b":1},"c":{}}"#, #"[{"op":"move","from":"/a/b","path":"/c/d"}]"#, #"{"a":{},"c":{"d":1}}"#),
        (#"{"a":[1,2,3]}"#, #"[{"op":"move","from":"/a/0","path":"/a/2"}]"#, #"{"a":[2,3,1]}"#),
        (#"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/c"}]"#, #"{"a":{"b":1},"c":{"b":1}}"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/a","value":1}]"#, #"{"a":1}"#),
        (#"{"a":{"x":1,"y":[2]}}"#, #"[{"op":"test","path":"/a","value":{"y":[2],"x":1}}]"#, #"{"a":{"x":1,"y":[2]}}"#),
        (#"{"a":1}"#, #"[{"op":"test","path":"/b","value":null}]"#, #"{"a":1}"#),
        (
            #"{"a/b":1,"c~d":2}"#, #"[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/c~0d","value":3}]"#,
            #"{"c~d":3}"#
        ),
        (#"{"":1}"#, #"[{"op":"replace","path":"/","value":2}]"#, #"{"":2}"#),
        (
            #"{"a":1}"#,
            #"[{"op":"test","path":"/a","value":1},{"op":"add","path":"/b","value":{}},{"op":"add","path":"/b/c","value":1}]"#,
            #"{"a":1,"b":{"c":1}}"#
        ),
    ])
    func appliesOperations(original: String, patch: String, result: String) throws {
        #expect(try JSONPatch(try json(patch)).apply(to: try json(original)) == (try json(result)))
    }

    @Test(arguments: [
        (#"[{"op":"test","path":"/a","value":2}]"#, 422, "testing path /a failed"),
        (#"[{"op":"remove","path":"/x"}]"#, 422, "missing key: /x"),
        (#"[{"op":"replace","path":"/x","value":1}]"#, 422, "replace operation does not apply"),
        (#"[{"op":"replace","path":"/x/y","value":1}]"#, 422, "doc is missing path: \"/x/y\""),
        (#"[{"op":"add","path":"/x/y","value":1}]"#, 422, "doc is missing path: \"/x/y\""),
        (#"[{"op":"add","path":"/l/9","value":1}]"#, 422, "invalid index: 9"),
        (#"[{"op":"remove","path":"/l/x"}]"#, 422, "invalid index: x"),
        (#"[{"op":"add","path":"/a/b","value":1}]"#, 422, "doc is missing path"),
        (#"[{"op":"copy","from":"/x","path":"/y"}]"#, 422, "missing from path: /x"),
        (#"[{"op":"move","from":"/o","path":"/o/p"}]"#, 422, "unable to move /o into one of its children"),
        (#"[{"op":"remove","path":""}]"#, 422, "whole document"),
        (#"[{"op":"jump","path":"/a"}]"#, 422, "Unexpected kind: jump"),
        (#"[{"op":"add","path":"/a"}]"#, 422, "unable to decode value"),
        (#"[{"op":"add","value":1}]"#, 422, "unable to decode path"),
        (#"[{"op":"add","path":"a","value":1}]"#, 422, "unable to decode path"),
        (#"{"op":"add"}"#, 400, "cannot unmarshal object"),
        ("[1]", 400, "cannot unmarshal number"),
    ])
    func refusesWhatDoesNotApply(patch: String, code: Int, message: String) throws {
        let error = #expect(throws: APIStatus.self) {
            try JSONPatch(try json(patch)).apply(to: try json(#"{"a":1,"l":[1],"o":{"p":1}}"#))
        }
        #expect(error?.code == code && error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.reason == (code == 422 ? .invalid : .badRequest))
    }

    @Test func refusesMoreThanTenThousandOperations() throws {
        let operation: Value = ["op": "test", "path": "/a", "value": 1]
        let most = Value.array(Array(repeating: operation, count: JSONPatch.maximumOperations))
        #expect(try JSONPatch(most).apply(to: ["a": 1]) == ["a": 1])
        let error = #expect(throws: APIStatus.self) { try JSONPatch(.array((most.array ?? []) + [operation])) }
        #expect(
            error?.code == 413
                && error?.message == "The allowed maximum operations in a JSON patch is 10000, got 10001")
    }

    @Test func refusesCopiesThatGrowWithoutEnd() throws {
        let double: Value = ["op": "copy", "from": "/a", "path": "/a/-"]
        let error = #expect(throws: APIStatus.self) {
            try JSONPatch(.array(Array(repeating: double, count: 64))).apply(to: ["a": ["x"]])
        }
        #expect(error?.code == 413)
    }

    @Test func refusesShiftingLongListsWithoutEnd() throws {
        let list = Value.array(Array(repeating: 1, count: 200_000))
        let remove: Value = ["op": "remove", "path": "/a/0"]
        let few = try JSONPatch(.array(Array(repeating: remove, count: 50))).apply(to: ["a": list])
        #expect(few["a"]?.array?.count == 199_950)
        let error = #expect(throws: APIStatus.self) {
            try JSONPatch(.array(Array(repeating: remove, count: 10_000))).apply(to: ["a": list])
        }
        #expect(error?.code == 413)
    }

    @Test func refusesNestingWithoutEnd() throws {
        let wrap: [Value] = (0..<2000).flatMap { _ -> [Value] in
            [
                ["op": "move", "from": "/a", "path": "/b"], ["op": "add", "path": "/a", "value": [:]],
                ["op": "move", "from": "/b", "path": "/a/c"],
            ]
        }
        let error = #expect(throws: APIStatus.self) { try JSONPatch(.array(wrap)).apply(to: ["a": [:]]) }
        #expect(error?.code == 422 && error?.message.contains("nested deeper") == true)
    }
}

@Suite struct MergePatchTests {
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
        ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        (#"{"a":"foo"}"#, "null", "null"),
    ])
    func followsRFC7386(original: String, patch: String, result: String) throws {
        #expect(MergePatch.apply(try json(patch), to: try json(original)) == (try json(result)))
    }

    @Test func removesManyFieldsInLinearTime() {
        let fields = (0..<20_000).map { ("f\($0)", Value.integer(1)) }
        let patch = Value.object(Fields(fields.map { ($0.0, .null) }))
        #expect(MergePatch.apply(patch, to: .object(Fields(fields))) == [:])
    }
}
