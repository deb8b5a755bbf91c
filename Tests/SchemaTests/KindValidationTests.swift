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
}
