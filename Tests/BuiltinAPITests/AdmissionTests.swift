import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Testing

@testable import BuiltinAPI

@Suite struct NamespaceLifecycleTests {
    let fixture = AdmissionFixture()
    let configMap = AdmissionFixture.named("c", in: "team")

    private func refusal(_ request: AdmissionRequest) async -> APIStatus? {
        do throws(APIStatus) {
            _ = try await fixture.admit(NamespaceLifecycle(stored: fixture.stored), request)
            return nil
        } catch { return error }
    }

    @Test func nothingIsWrittenIntoAMissingNamespace() async {
        let status = await refusal(fixture.request(.configMaps, configMap))
        #expect(status?.code == 404)
        #expect(status?.message == "namespaces \"team\" not found")
    }

    @Test func nothingNewIsMadeInANamespaceThatGoes() async throws {
        try await fixture.put(
            .namespaces, AdmissionFixture.named("team", in: "", ["status": ["phase": "Terminating"]]))
        let status = await refusal(fixture.request(.configMaps, configMap))
        #expect(status?.code == 403)
        #expect(
            status?.message
                == "configmaps \"c\" is forbidden: unable to create new content in namespace team because it is being terminated"
        )
        #expect(status?.details?.causes.map(\.reason) == ["NamespaceTerminating"])
        #expect(await refusal(fixture.request(.configMaps, configMap, old: configMap, as: .update)) == nil)
        #expect(await refusal(fixture.request(.configMaps, .null, old: configMap, as: .delete)) == nil)
    }

    @Test(arguments: [("default", true), ("kube-system", true), ("kube-public", true), ("kube-node-lease", false)])
    func namespacesOfTheSystemStay(_ name: String, isProtected: Bool) async {
        let namespace = AdmissionFixture.named(name, in: "")
        let status = await refusal(fixture.request(.namespaces, .null, old: namespace, as: .delete))
        #expect(
            (status?.message == "namespaces \"\(name)\" is forbidden: this namespace may not be deleted") == isProtected
        )
    }
}

@Suite struct ServiceAccountAdmissionTests {
    let fixture = AdmissionFixture()
    let pod = AdmissionFixture.named("web-0", ["spec": ["containers": [["name": "a"], ["name": "b"]]]])

    private func plugin(
        sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
    ) -> ServiceAccountAdmission {
        let environment = ServerEnvironment(
            now: { Timestamp(seconds: 0) }, makeUID: { "uid" }, random: { $0.lowerBound }, sleep: sleep)
        return ServiceAccountAdmission(stored: fixture.stored, environment: environment)
    }

    @Test func aPodGetsTheDefaultAccountAndItsToken() async throws {
        try await fixture.put(.serviceAccounts, AdmissionFixture.named("default"))
        let spec = try #require(try await fixture.admit(plugin(), fixture.request(.pods, pod))["spec"])
        #expect(spec["serviceAccountName"] == "default")
        #expect(spec["serviceAccount"] == "default")
        let mount: Value = [
            "name": "kube-api-access-bbbbb", "readOnly": true,
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        ]
        #expect(spec["containers"]?.array?.map { $0["volumeMounts"] } == [[mount], [mount]])
        let sources = spec["volumes"]?.array?.first?["projected"]?["sources"]?.array
        #expect(sources?.first == ["serviceAccountToken": ["expirationSeconds": 3607, "path": "token"]])
        #expect(sources?.count == 3)
    }

    @Test func whoMountsSomethingThereOrWantsNoTokenGetsNone() async throws {
        try await fixture.put(.serviceAccounts, AdmissionFixture.named("default"))
        var own = pod
        own["spec", "containers"] = [["name": "a", "volumeMounts": [["mountPath": .string(TokenMount.path)]]]]
        #expect(try await fixture.admit(plugin(), fixture.request(.pods, own))["spec"]?["volumes"] == nil)
        var unwilling = pod
        unwilling["spec", "automountServiceAccountToken"] = false
        #expect(try await fixture.admit(plugin(), fixture.request(.pods, unwilling))["spec"]?["volumes"] == nil)
    }

    @Test func pullSecretsComeFromTheAccountUnlessThePodHasItsOwn() async throws {
        try await fixture.put(
            .serviceAccounts, AdmissionFixture.named("default", ["imagePullSecrets": [["name": "registry"]]]))
        let given = try await fixture.admit(plugin(), fixture.request(.pods, pod))
        #expect(given["spec"]?["imagePullSecrets"] == [["name": "registry"]])
    }

    @Test func aMissingAccountIsForbiddenInUpstreamsWords() async {
        var other = pod
        other["spec", "serviceAccountName"] = "builder"
        let error = await #expect(throws: APIStatus.self) {
            try await fixture.admit(plugin(), fixture.request(.pods, other))
        }
        #expect(
            error?.message
                == "pods \"web-0\" is forbidden: error looking up service account default/builder: serviceaccount \"builder\" not found"
        )
    }

    @Test func aPodWaitsForTheDefaultAccountOfANewNamespace() async throws {
        let result = try await withThrowingTaskGroup(of: Value?.self) { group in
            // Patience ends only by the account's arrival: the sleep is cancelled, never over.
            let (asleep, begin) = AsyncStream.makeStream(of: Void.self)
            let waiting = plugin(sleep: { _ in
                begin.yield()
                let (never, end) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                end.finish()
            })
            group.addTask { try await fixture.admit(waiting, fixture.request(.pods, pod)) }
            group.addTask {
                for await _ in asleep { break }
                try await fixture.put(.serviceAccounts, AdmissionFixture.named("default"))
                return nil
            }
            return try await group.reduce(into: Value.null) { $0 = $1 ?? $0 }
        }
        #expect(result["spec"]?["serviceAccountName"] == "default")
    }

    @Test func patienceHasAnEnd() async {
        await #expect(throws: APIStatus.self) { try await fixture.admit(plugin(), fixture.request(.pods, pod)) }
    }
}

@Suite struct PodDefaultingTests {
    let fixture = AdmissionFixture()
    let pod = AdmissionFixture.named("p", ["spec": .emptyObject])

    @Test func podsTolerateALostNodeForFiveMinutes() async throws {
        let request = fixture.request(.pods, pod)
        let given = try await fixture.admit(DefaultTolerationSeconds(), request)["spec"]?["tolerations"]?.array ?? []
        #expect(given.map { $0["key"] } == ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        #expect(given.allSatisfy { $0["tolerationSeconds"] == 300 && $0["effect"] == "NoExecute" })
    }

    @Test func ownTolerationsAreKept() async throws {
        var tolerant = pod
        tolerant["spec", "tolerations"] = [["operator": "Exists"]]
        let given = try await fixture.admit(DefaultTolerationSeconds(), fixture.request(.pods, tolerant))
        #expect(given == tolerant)
    }

    @Test func priorityIsZeroOrThatOfASystemClass() async throws {
        let plain = try await fixture.admit(PodPriority(), fixture.request(.pods, pod))
        #expect(plain["spec"]?["priority"] == 0)
        #expect(plain["spec"]?["preemptionPolicy"] == "PreemptLowerPriority")
        var critical = pod
        critical["spec", "priorityClassName"] = "system-node-critical"
        let high = try await fixture.admit(PodPriority(), fixture.request(.pods, critical))
        #expect(high["spec"]?["priority"] == 2_000_001_000)
        critical["spec", "priorityClassName"] = "gold"
        let request = fixture.request(.pods, critical)
        let error = await #expect(throws: APIStatus.self) { try await fixture.admit(PodPriority(), request) }
        #expect(error?.message == "pods \"p\" is forbidden: no PriorityClass with name gold was found")
    }
}

@Suite struct StorageAdmissionTests {
    let fixture = AdmissionFixture()
    let claim = AdmissionFixture.named("data", ["spec": .emptyObject])

    private func putClass(_ name: String, created: String, isDefault: Bool = true) async throws {
        var object = AdmissionFixture.named(name, in: "")
        object["metadata", "creationTimestamp"] = .string(created)
        if isDefault { object["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"] = "true" }
        try await fixture.put(.storageClasses, object)
    }

    @Test func claimsWithoutAClassGetTheNewestDefault() async throws {
        let plugin = DefaultStorageClass(stored: fixture.stored)
        #expect(try await fixture.admit(plugin, fixture.request(.persistentVolumeClaims, claim)) == claim)
        try await putClass("old", created: "2026-01-01T00:00:00Z")
        try await putClass("b", created: "2026-02-01T00:00:00Z")
        try await putClass("a", created: "2026-02-01T00:00:00Z")
        try await putClass("newest", created: "2026-03-01T00:00:00Z", isDefault: false)
        let given = try await fixture.admit(plugin, fixture.request(.persistentVolumeClaims, claim))
        #expect(given["spec"]?["storageClassName"] == "a")
        var none = claim
        none["spec", "storageClassName"] = ""
        #expect(try await fixture.admit(plugin, fixture.request(.persistentVolumeClaims, none)) == none)
    }

    @Test func claimsAndVolumesBeginProtected() async throws {
        let plugin = StorageObjectInUseProtection()
        let given = try await fixture.admit(plugin, fixture.request(.persistentVolumeClaims, claim))
        #expect(given.finalizers == ["kubernetes.io/pvc-protection"])
        #expect(try await fixture.admit(plugin, fixture.request(.persistentVolumeClaims, given)) == given)
        let volume = AdmissionFixture.named("v", in: "")
        let kept = try await fixture.admit(plugin, fixture.request(.persistentVolumes, volume))
        #expect(kept.finalizers == ["kubernetes.io/pv-protection"])
    }

    private static let notResizable =
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"

    @Test(
        arguments: [
            ("Bound", "grows", "2Gi", nil), ("Bound", "fixed", "1Gi", nil), ("Bound", "fixed", "500Mi", nil),
            ("Bound", "fixed", "2Gi", notResizable), ("Bound", "gone", "2Gi", notResizable),
            ("Bound", "", "2Gi", notResizable),
            ("Pending", "grows", "2Gi", "Only bound persistent volume claims can be expanded"),
        ] as [(String, String, String, String?)])
    func onlyAClaimOfAClassThatSaysSoGrows(
        phase: String, className: String, size: String, refusal: String?
    ) async throws {
        let fixture = AdmissionFixture()
        for (name, grows) in [("grows", true), ("fixed", false)] {
            try await fixture.put(
                .storageClasses, AdmissionFixture.named(name, in: "", ["allowVolumeExpansion": .bool(grows)]))
        }
        func claim(_ size: String) -> Value {
            AdmissionFixture.named(
                "data",
                [
                    "spec": [
                        "storageClassName": .string(className), "resources": ["requests": ["storage": .string(size)]],
                    ], "status": ["phase": .string(phase)],
                ])
        }
        let plugin = PersistentVolumeClaimResize(stored: fixture.stored)
        let request = fixture.request(.persistentVolumeClaims, claim(size), old: claim("1Gi"), as: .update)
        var told: String?
        do throws(APIStatus) { _ = try await fixture.admit(plugin, request) } catch {
            #expect(error.code == 403)
            told = error.message
        }
        #expect(told == refusal.map { "persistentvolumeclaims \"data\" is forbidden: \($0)" })
    }
}
