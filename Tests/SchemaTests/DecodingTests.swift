import ObjectModel
import Schema
import Testing

@Suite struct DecodingTests {
    @Test(arguments: [
        (#"{"metadata":{"creationTimestamp":null,"name":"a"},"status":null}"#, #"{"metadata":{"name":"a"}}"#),
        (#"{"spec":{"replicas":0,"template":null}}"#, #"{"spec":{"replicas":0}}"#),
        (#"{"metadata":{"labels":{"a":null}}}"#, #"{"metadata":{"labels":{"a":""}}}"#),
        (#"{"metadata":{"labels":{},"annotations":{"k":"v"}}}"#, #"{"metadata":{"annotations":{"k":"v"}}}"#),
        (#"{"metadata":{"finalizers":[]}}"#, #"{"metadata":{}}"#),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}}}"#,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}}}}"#
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":"web"}}}]}}}}"#,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":"web"}}}]}}}}"#
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":80}}}]}}}}"#,
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a","livenessProbe":{"httpGet":{"port":80}}}]}}}}"#
        ),
        (
            #"{"metadata":{"creationTimestamp":"2024-01-02T05:04:05+02:00"}}"#,
            #"{"metadata":{"creationTimestamp":"2024-01-02T03:04:05Z"}}"#
        ),
        (
            #"{"metadata":{"creationTimestamp":"9999-12-31T23:59:59Z","deletionTimestamp":"0001-01-01T00:00:00Z"}}"#,
            #"{"metadata":{"creationTimestamp":"9999-12-31T23:59:59Z","deletionTimestamp":"0001-01-01T00:00:00Z"}}"#
        ),
        (
            #"{"metadata":{"managedFields":[{"fieldsV1":{"f:x":{}}}]}}"#,
            #"{"metadata":{"managedFields":[{"fieldsV1":{"f:x":{}}}]}}"#
        ),
        (#"{"apiVersion":"apps/v1","kind":"StatefulSet"}"#, #"{"apiVersion":"apps/v1","kind":"StatefulSet"}"#),
    ])
    func keepsWhatGoKeeps(body: String, expected: String) throws {
        var value = try json(body)
        let report = try Fixture.schema(Fixture.set).decode(&value, as: Fixture.set)
        #expect(value == (try json(expected)))
        #expect(report.unknownFields.isEmpty)
    }

    @Test(arguments: [
        (#"{"spec":{"foo":1}}"#, ["spec.foo"]),
        (#"{"bar":{}}"#, ["bar"]),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b","imagee":"x"}]}}}}"#,
            ["spec.template.spec.containers[1].imagee"]
        ),
        (#"{"a":1,"b":2,"metadata":{"c":3}}"#, ["a", "b", "metadata.c"]),
        (#"{"spec":{"volumeClaimTemplates":[{"spec":{"x":null}}]}}"#, ["spec.volumeClaimTemplates[0].spec.x"]),
    ])
    func prunesAndReportsUnknownFields(body: String, unknown: [String]) throws {
        var value = try json(body)
        let schema = try Fixture.schema(Fixture.set)
        let report = try schema.decode(&value, as: Fixture.set)
        #expect(report.unknownFields == unknown)
        #expect(report.messages == unknown.map { "unknown field \"\($0)\"" })
        #expect(try schema.decode(&value, as: Fixture.set).unknownFields.isEmpty)
    }

    @Test(arguments: [
        (
            #"{"spec":{"replicas":"3"}}"#,
            "json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32"
        ),
        (
            #"{"spec":{"replicas":1.5}}"#,
            "json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32"
        ),
        (
            #"{"spec":{"replicas":3000000000}}"#,
            "json: cannot unmarshal number 3000000000 into Go struct field StatefulSetSpec.spec.replicas of type int32"
        ),
        (
            #"{"metadata":{"labels":{"a":1}}}"#,
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        ),
        (
            #"{"metadata":{"labels":"x"}}"#,
            "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string"
        ),
        (
            #"{"metadata":{"name":true}}"#,
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
        ),
        (
            #"{"spec":[]}"#,
            "json: cannot unmarshal array into Go struct field StatefulSet.spec of type v1.StatefulSetSpec"
        ),
        ("[]", "json: cannot unmarshal array into Go value of type v1.StatefulSet"),
        (
            #"{"spec":{"template":{"spec":{"containers":{"name":"a"}}}}}"#,
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type "
                + "[]v1.Container"
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"name":7}]}}}}"#,
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.name of type "
                + "string"
        ),
        (
            #"{"spec":{"template":{"spec":{"hostNetwork":"yes"}}}}"#,
            "json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.hostNetwork of type bool"
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"lots"}}}]}}}}"#,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ),
        (
            #"{"spec":{"template":{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":true}}}]}}}}"#,
            "json: cannot unmarshal bool into Go value of type int32"
        ),
        (
            #"{"metadata":{"creationTimestamp":"yesterday"}}"#,
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\""
        ),
    ])
    func refusesWrongTypesInUpstreamsWords(body: String, message: String) throws {
        var value = try json(body)
        let schema = try Fixture.schema(Fixture.set)
        let error = #expect(throws: APIStatus.self) { try schema.decode(&value, as: Fixture.set) }
        #expect(error?.code == 400 && error?.reason == .badRequest)
        #expect(
            error?.message == "StatefulSet in version \"v1\" cannot be handled as a StatefulSet: \(message)")
    }

    @Test(
        arguments: [
            ("", nil), ("YQ==", nil), ("YWI=", nil), ("YWJj", nil), ("YWJj\nYQ==", nil), ("Y", 1), ("YQ=", 3),
            ("Y!Q=", 1), ("=YQ=", 0), ("YQ==YQ==", 4), ("YWJj=", 4),
        ] as [(String, Int?)])
    func checksBase64(text: String, offset: Int?) throws {
        let secret = GroupVersionKind(group: "", version: "v1", kind: "Secret")
        var value: Value = ["data": ["key": .string(text)]]
        let schema = try Fixture.schema(secret)
        guard let offset else {
            #expect(throws: Never.self) { try schema.decode(&value, as: secret) }
            return
        }
        let error = #expect(throws: APIStatus.self) { try schema.decode(&value, as: secret) }
        #expect(error?.message.hasSuffix("illegal base64 data at input byte \(offset)") == true)
    }

    @Test func reportsAtMostAHundredUnknownFields() throws {
        var value = Value.object(Fields((0..<5000).map { ("field\($0)", 1) }))
        let report = try Fixture.schema(Fixture.pod).decode(&value, as: Fixture.pod)
        #expect(report.unknownFields.count == DecodeReport.maximumUnknownFields)
        #expect(value == [:])
    }

    @Test func keepsEverythingWithoutASchema() throws {
        let body: Value = ["a": .null, "b": [.null, 1], "c": ["d": []]]
        var value = body
        let report = try ObjectSchema.open.decode(&value, as: Fixture.pod)
        #expect(value == body && report.unknownFields.isEmpty)
    }

    @Test func survivesTheDeepestBodyTheParserAccepts() throws {
        let depth = JSON.maximumDepth - 4
        let text = String(repeating: #"{"not":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        var value = try json(#"{"spec":{"selector":{}},"x":\#(text)}"#)
        _ = try Fixture.schema(Fixture.set).decode(&value, as: Fixture.set)
        #expect(value == ["spec": ["selector": [:]]])
    }
}
