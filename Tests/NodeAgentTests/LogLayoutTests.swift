import Foundation
import NodeAgent
import NodeInterfaces
import ObjectModel
import Testing

@Suite struct LogLayoutTests {
    @Test func onlyTheLogsAndLinksOfTheseUidsAreRemoved() throws {
        let root = "/tmp/ordinal-logs-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let layout = LogLayout(podsDirectory: "\(root)/pods", linksDirectory: "\(root)/containers")
        try HostFiles.makeDirectory(layout.linksDirectory)
        for uid in ["ours", "theirs"] {
            let pod = PodIdentity(name: NamespacedName(namespace: "default", name: "web-0"), uid: uid)
            try HostFiles.makeDirectory("\(layout.directory(of: pod))/main")
            try HostFiles.write([], to: layout.path(pod, container: "main", attempt: 0))
            #expect(layout.makeLink(pod, container: "main", attempt: 0, id: uid) == nil)
        }
        layout.removeLogs(ofPods: ["ours"])
        #expect(HostFiles.names(in: layout.podsDirectory) == ["default_web-0_theirs"])
        #expect(HostFiles.names(in: layout.linksDirectory) == ["web-0_default_main-theirs.log"])
    }
}
