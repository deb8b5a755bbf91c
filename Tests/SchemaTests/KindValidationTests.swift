import ObjectModel
import Schema
import Testing

@Suite struct KindValidationTests {
    private static let object: Value = [
        "metadata": ["name": "a", "namespace": "n"],
        "spec": [
            "podManagementPolicy": "x", "updateStrategy": ["type": "y"], "template": ["spec": ["dnsPolicy": "z"]],
        ],
    ]

    @Test(
        arguments: [
            ([], ["spec.podManagementPolicy", "spec.updateStrategy.type", "spec.template.spec.dnsPolicy"]),
            (
                ["spec.podManagementPolicy"],
                ["spec.podManagementPolicy", "spec.updateStrategy.type", "spec.template.spec.dnsPolicy"]
            ),
            (
                ["spec.updateStrategy"],
                ["spec.updateStrategy", "spec.podManagementPolicy", "spec.template.spec.dnsPolicy"]
            ),
            (["spec"], ["spec"]),
            (
                ["spec.templ"],
                ["spec.templ", "spec.podManagementPolicy", "spec.updateStrategy.type", "spec.template.spec.dnsPolicy"]
            ),
        ] as [([String], [String])])
    func theKindsOwnWordsWin(own: [String], expected: [String]) throws {
        var hooks = KindHooks()
        hooks.validateCreate = { _ in own.map { FieldError(.invalid, $0, nil, "own words") } }
        let kind = try #require(Fixture.catalog?.definition(Fixture.set, hooks: hooks))
        let errors = kind.createErrors(Self.object)
        #expect(errors.map(\.field) == expected)
        #expect(errors.prefix(own.count).allSatisfy { $0.detail == "own words" })
    }

    @Test func aSecondControllerIsToldOnce() throws {
        let kind = try #require(Fixture.catalog?.definition(Fixture.set, hooks: KindHooks()))
        let owners = (0..<50).map { number -> Value in
            [
                "apiVersion": "v1", "kind": "Pod", "name": .string("p\(number)"), "uid": .string("u\(number)"),
                "controller": true,
            ]
        }
        let errors = kind.createErrors(
            ["metadata": ["name": "a", "namespace": "n", "ownerReferences": .array(owners)]])
        let told = errors.filter { $0.field == "metadata.ownerReferences" }
        #expect(
            told.map(\.detail) == [
                "Only one reference can have Controller set to true. Found \"true\" in references for Pod/p0 and Pod/p1"
            ])
    }
}
