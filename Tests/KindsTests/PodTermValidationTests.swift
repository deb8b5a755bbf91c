import Kinds
import ObjectModel
import Schema
import Testing

/// What a pod may say about the pods and nodes around it.
@Suite struct PodTermValidationTests {
    private static let spread: Value = [
        "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": ["matchLabels": ["app": "web"]],
    ]
    private static let at = "spec.topologySpreadConstraints[0]"

    static let spreadCases: [(path: String, value: Value?, errors: [String])] = [
        ("minDomains", 2, []),
        ("nodeTaintsPolicy", "Honor", []),
        ("matchLabelKeys", ["rev"], []),
        ("topologyKey", "any text", []),
        ("maxSkew", 0, ["\(at).maxSkew: Invalid value: 0: must be greater than zero"]),
        ("topologyKey", "", ["\(at).topologyKey: Required value: can not be empty"]),
        (
            "whenUnsatisfiable", "Never",
            [
                "\(at).whenUnsatisfiable: Unsupported value: \"Never\": supported values: \"DoNotSchedule\", "
                    + "\"ScheduleAnyway\""
            ]
        ),
        ("minDomains", 0, ["\(at).minDomains: Invalid value: 0: must be greater than zero"]),
        (
            "nodeAffinityPolicy", "Maybe",
            ["\(at).nodeAffinityPolicy: Unsupported value: \"Maybe\": supported values: \"Honor\", \"Ignore\""]
        ),
        (
            "nodeTaintsPolicy", "Maybe",
            ["\(at).nodeTaintsPolicy: Unsupported value: \"Maybe\": supported values: \"Honor\", \"Ignore\""]
        ),
        (
            "matchLabelKeys", ["a b"],
            [
                "\(at).matchLabelKeys[0]: Invalid value: \"a b\": name part must consist of alphanumeric characters, "
                    + "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
                    + "'my.name',  or '123-abc', regex used for validation is "
                    + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            ]
        ),
    ]

    @Test(arguments: spreadCases.indices) func spreadConstraintsKeepTheRules(index: Int) throws {
        let row = Self.spreadCases[index]
        let pod = Value.pod.with("spec.topologySpreadConstraints", [Self.spread.with(row.path, row.value)])
        #expect(try Fixture.createErrors(pod, .pods) == row.errors)
    }

    @Test func constraintsDependOnEachOther() throws {
        func errors(_ constraints: Value...) throws -> [String] {
            try Fixture.createErrors(.pod.with("spec.topologySpreadConstraints", .array(constraints)), .pods)
        }
        #expect(
            try errors(Self.spread, Self.spread) == [
                "\(Self.at).{topologyKey, whenUnsatisfiable}: Duplicate value: \"{zone, DoNotSchedule}\""
            ])
        #expect(
            try errors(Self.spread.with("minDomains", 2).with("whenUnsatisfiable", "ScheduleAnyway")) == [
                "\(Self.at).minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, "
                    + "not ScheduleAnyway"
            ])
        #expect(
            try errors(Self.spread.with("matchLabelKeys", ["rev"]).with("labelSelector", nil)) == [
                "\(Self.at).matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"
            ])
    }

    private static let term: Value = ["topologyKey": "zone", "labelSelector": ["matchLabels": ["app": "web"]]]
    private static let termAt =
        "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]"

    private static func pod(_ term: Value) -> Value {
        .pod.with(
            "spec.affinity", ["podAntiAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": [term]]])
    }

    static let termCases: [(path: String, value: Value?, errors: [String])] = [
        ("namespaces", ["prod"], []),
        ("namespaceSelector", [:], []),
        ("mismatchLabelKeys", ["tenant"], []),
        (
            "namespaces", ["Prod"],
            [
                "\(termAt).namespace: Invalid value: \"Prod\": a lowercase RFC 1123 label must consist of lower case "
                    + "alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. "
                    + "'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        ),
        (
            "labelSelector", nil,
            []
        ),
        (
            "namespaceSelector", ["matchExpressions": [["key": "a", "operator": "In"]]],
            [
                "\(termAt).namespaceSelector.matchExpressions[0].values: Required value: must be specified when "
                    + "`operator` is 'In' or 'NotIn'"
            ]
        ),
    ]

    @Test(arguments: termCases.indices) func affinityTermsKeepTheRules(index: Int) throws {
        let row = Self.termCases[index]
        #expect(try Fixture.createErrors(Self.pod(Self.term.with(row.path, row.value)), .pods) == row.errors)
    }

    @Test func aKeyStandsForOneThing() throws {
        let both = Self.term.with("matchLabelKeys", ["a"]).with("mismatchLabelKeys", ["a"])
        #expect(
            try Fixture.createErrors(Self.pod(both), .pods) == [
                "\(Self.termAt).matchLabelKeys[0]: Invalid value: \"a\": exists in both matchLabelKeys and "
                    + "mismatchLabelKeys"
            ])
        let keyed = Self.term.with("matchLabelKeys", ["app"])
        let pod = Self.pod(keyed).with("metadata.labels", ["app": "web"])
        #expect(
            try Fixture.createErrors(prepared(pod), .pods) == [
                "\(Self.termAt)[0]: Invalid value: \"app\": exists in both matchLabelKeys and labelSelector"
            ])
        #expect(
            try Fixture.createErrors(Self.pod(keyed.with("labelSelector", nil)), .pods).first?.contains(
                "matchLabelKeys: Forbidden: must not be specified when labelSelector is not set") == true)
    }

    private func prepared(_ pod: Value) throws -> Value {
        var object = pod
        try Fixture.kind(.pods).hooks.prepareForCreate(&object, Fixture.context)
        return object
    }

    @Test func theLabelsOfANewPodCompleteItsSelectors() throws {
        let keyed = Self.term.with("matchLabelKeys", ["rev", "absent"]).with("mismatchLabelKeys", ["tenant"])
        let pod = Self.pod(keyed).with("metadata.labels", ["rev": "7", "tenant": "x"])
            .with("spec.topologySpreadConstraints", [Self.spread.with("matchLabelKeys", ["rev"])])
        let new = try prepared(pod)
        let selector = new.with("x", nil)["spec"]?["affinity"]?["podAntiAffinity"]?[
            "requiredDuringSchedulingIgnoredDuringExecution"]?.array?.first?["labelSelector"]
        #expect(
            selector?["matchExpressions"] == [
                ["key": "rev", "operator": "In", "values": ["7"]],
                ["key": "tenant", "operator": "NotIn", "values": ["x"]],
            ])
        #expect(selector?["matchLabels"] == ["app": "web"])
        #expect(
            new["spec"]?["topologySpreadConstraints"]?.array?.first?["labelSelector"]?["matchExpressions"] == [
                ["key": "rev", "operator": "In", "values": ["7"]]
            ])
        #expect(try Fixture.createErrors(new, .pods) == [])
        let nobody = try prepared(Self.pod(keyed.with("labelSelector", nil)).with("metadata.labels", ["rev": "7"]))
        #expect(JSON.text(nobody["spec"] ?? .null).contains("labelSelector") == false)
    }

    @Test func preferredNodesMayHaveValuesThatNoLabelHas() throws {
        let term: Value = ["matchExpressions": [["key": "a", "operator": "In", "values": ["-"]]]]
        func errors(_ affinity: Value) throws -> Int {
            try Fixture.createErrors(.pod.with("spec.affinity", ["nodeAffinity": affinity]), .pods).count
        }
        #expect(
            try errors(["preferredDuringSchedulingIgnoredDuringExecution": [["weight": 1, "preference": term]]]) == 0)
        #expect(
            try errors(["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [term]]]) == 1)
    }

    @Test func termsThatMeanNobodyAreWarnedOf() throws {
        let pod = Self.pod(["topologyKey": "zone"]).with(
            "spec.topologySpreadConstraints", [Self.spread.with("labelSelector", nil)])
        #expect(
            try Fixture.kind(.pods).hooks.warnings(pod.with("metadata.name", "p")) == [
                "\(Self.at).labelSelector: a null labelSelector results in matching no pod",
                "\(Self.termAt).labelSelector: a null labelSelector results in matching no pod",
            ])
    }
}
