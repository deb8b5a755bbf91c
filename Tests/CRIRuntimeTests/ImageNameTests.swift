import CRIRuntime
import Testing

@Suite struct ImageNameTests {
    @Test(arguments: [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.25.4", "docker.io/library/nginx:1.25.4"),
        ("tutum/dnsutils", "docker.io/tutum/dnsutils:latest"),
        ("docker.io/library/busybox:1.28", "docker.io/library/busybox:1.28"),
        ("index.docker.io/library/busybox", "docker.io/library/busybox:latest"),
        ("gcr.io/google_containers/nginx-slim:0.8", "gcr.io/google_containers/nginx-slim:0.8"),
        ("localhost/pause:1", "localhost/pause:1"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("registry:5000/app:2", "registry:5000/app:2"),
        ("nginx@sha256:0123", "docker.io/library/nginx@sha256:0123"),
        ("nginx:1@sha256:0123", "docker.io/library/nginx:1@sha256:0123"),
        ("sha256:abcdef", "sha256:abcdef"),
    ])
    func shortNamesAreCompletedAsDockerDoes(short: String, full: String) {
        #expect(ImageName.normalized(short) == full)
    }
}
