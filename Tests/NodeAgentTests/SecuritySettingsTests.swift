import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

@Suite struct SecuritySettingsTests {
    private static func image(_ user: Int64? = nil, _ name: String = "") -> ImageStatus {
        ImageStatus(id: "sha256:1", names: ["i"], size: 1, user: user, userName: name)
    }

    private static func settings(
        own: Value = [:], shared: Value = [:], _ image: ImageStatus
    ) throws -> ContainerSecurity {
        let pod = PodFixture.pod(spec: [
            "securityContext": shared, "containers": [["name": "web", "image": "i", "securityContext": own]],
        ])
        return try SecuritySettings.of(pod.view.spec.containers[0], pod: pod, image: image)
    }

    private static let users: [(own: Value, shared: Value, image: ImageStatus, user: Int64?, name: String)] = [
        (["runAsUser": 5], ["runAsUser": 6], image(7), 5, ""), ([:], ["runAsUser": 6], image(7), 6, ""),
        (["runAsUser": 5], [:], image(nil, "nginx"), 5, ""), ([:], [:], image(7), 7, ""),
        ([:], [:], image(nil, "nginx"), nil, "nginx"), ([:], [:], image(), 0, ""),
    ]

    @Test(arguments: users) func theUserIsTheContainersThePodsOrTheImages(
        own: Value, shared: Value, image: ImageStatus, user: Int64?, name: String
    ) throws {
        let security = try Self.settings(own: own, shared: shared, image)
        #expect(security.runAsUser == user)
        #expect(security.runAsUserName == name)
    }

    @Test func aGroupAloneComesWithTheImagesUser() throws {
        let security = try Self.settings(shared: ["runAsGroup": 3000], Self.image())
        #expect(security.runAsUser == 0)
        #expect(security.runAsGroup == 3000)
    }

    private static let roots: [(own: Value, image: ImageStatus, objection: String?)] = [
        (["runAsNonRoot": true, "runAsUser": 0], image(7), "container's runAsUser breaks non-root policy"),
        (["runAsNonRoot": true], image(), "container has runAsNonRoot and image will run as root"),
        (["runAsNonRoot": true], image(0), "container has runAsNonRoot and image will run as root"),
        (
            ["runAsNonRoot": true], image(nil, "nginx"),
            "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root"
        ),
        (["runAsNonRoot": true], image(7), nil), (["runAsNonRoot": true, "runAsUser": 5], image(), nil),
        (["runAsNonRoot": false], image(), nil),
    ]

    @Test(arguments: roots) func aContainerThatMustNotRunAsRootDoesNot(
        own: Value, image: ImageStatus, objection: String?
    ) throws {
        do {
            _ = try Self.settings(own: own, image)
            #expect(objection == nil)
        } catch let error as ConfigurationError {
            #expect(
                error.description == objection.map { "\($0) (pod: \"web-0_default(u1)\", container: web)" })
        }
    }
}
