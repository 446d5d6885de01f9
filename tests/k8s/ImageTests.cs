using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>The content of the image runs as the manifests run it: it starts, answers the probes, runs the jobs, stops on SIGTERM, and writes nothing.</summary>
public sealed partial class ImageTests(PublishedFolder app) : IClassFixture<PublishedFolder>
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    private static Manifest Silos => Manifests.Written.Single(static m => m.Source == Path.Combine("base", "silo", "silos.yaml"));

    [Fact]
    public void Images_run_as_the_user_of_the_pods_and_start_the_silo()
    {
        Dockerfile image = Dockerfile.Read();
        Assert.Equal("cpu", image.Stages[^1].Name);
        string user = Silos.PodTemplate!["spec"]!["securityContext"]!["runAsUser"]!.ToJsonString();
        foreach ((string name, string from, IReadOnlyList<string> lines) in image.Stages.Where(static s => s.Name is "cpu" or "cuda"))
        {
            Assert.Equal(name == "cuda" ? "${CUDA}" : "${RUNTIME}", from);
            Assert.Equal($"USER {user}:{user}", lines.Last(static l => l.StartsWith("USER", StringComparison.Ordinal)));
            Assert.Equal("""ENTRYPOINT ["dotnet", "/app/hunyuan-silo.dll"]""", lines[^1]);
            Assert.Contains("STOPSIGNAL SIGTERM", lines);
        }

        Assert.Contains("ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility", image.Stages.Single(static s => s.Name == "cuda").Lines);
        Assert.DoesNotContain(":latest", File.ReadAllText(Path.Combine(Manifests.Folder, "Dockerfile")), StringComparison.Ordinal);
        Assert.Equal(2, image.Publishes.Count);
    }

    [Fact]
    public void The_build_context_has_every_project_and_no_outputs()
    {
        string[] ignored = File.ReadAllLines(Path.Combine(TestPaths.Root, ".dockerignore"));
        string[] needed = ["kernels", "model", "text", "grammar", "contracts", "engine", "grains", "client", "silo", "server", "cli", "cuda", "demo-model"];
        Assert.DoesNotContain(needed, room => ignored.Any(line => line.TrimEnd('/') == room));
        Assert.All((string[])["**/bin/", "**/obj/", ".git/", "artifacts/"], line => Assert.Contains(line, ignored));
    }

    [Fact]
    public async Task The_silo_answers_its_probes_and_drains_on_SIGTERM()
    {
        string[] before = app.Contents();
        string keys = Path.GetTempFileName();
        await File.WriteAllTextAsync(keys, Key);
        int http = FreePort();
        using Process silo = app.Start("hunyuan-silo.dll", [],
        [
            .. File.ReadLines(Path.Combine(Manifests.Folder, "base", "silo.env")).Where(static l => l.Length > 0 && l[0] != '#')
                .Select(static l => l.Split('=', 2)).Select(static p => (p[0], p[1])),
            ("HUNYUAN_CLUSTERING", "localhost"), ("HUNYUAN_CONNECTION_STRING", ""), ("HUNYUAN_MODEL", Path.Combine(app.Path, "demo-model")),
            ("HUNYUAN_MEMORY", "1GB"), ("HUNYUAN_KV_TOKENS", "4096"), ("HUNYUAN_THREADS", "1"), ("HUNYUAN_NAME", "hunyuan-0"), ("HUNYUAN_SHUTDOWN_GRACE", "20"),
            ("HUNYUAN_Server__KeyFile", keys), ("HUNYUAN_URLS", $"http://127.0.0.1:{http}"), ("HUNYUAN_SILO_PORT", $"{FreePort()}"), ("HUNYUAN_GATEWAY_PORT", $"{FreePort()}"),
        ]);
        StringBuilder log = new();
        silo.OutputDataReceived += (_, line) => Note(line.Data);
        silo.ErrorDataReceived += (_, line) => Note(line.Data);
        silo.BeginOutputReadLine();
        silo.BeginErrorReadLine();
        try
        {
            JsonNode container = Silos.PodTemplate!["spec"]!["containers"]![0]!;
            foreach (string probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
            {
                await AnswersAsync(new($"http://127.0.0.1:{http}{container[probe]!["httpGet"]!["path"]!.GetValue<string>()}"), silo, Log);
            }

            using HttpClient client = new() { BaseAddress = new($"http://127.0.0.1:{http}"), Timeout = Wait.Limit };
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models")).StatusCode);
            client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
            await AnswersAsync(new(client.BaseAddress, "/v1/models/hunyuan"), silo, Log, Key);
            string streamed = await ChatAsync(client, "");
            Assert.Contains("Paris", string.Concat(Piece().Matches(streamed).Select(static m => m.Groups[1].Value)), StringComparison.Ordinal);
            await MetricsAsync(client);

            // A silo that is told to stop while it answers finishes the answer first.
            TaskCompletionSource begun = new();
            Task<string> last = ChatAsync(client, ""","max_tokens":200,"ignore_eos":true""", begun);
            await begun.Task.WaitAsync(Wait.Limit);
            using Process kill = Process.Start("bash", ["-c", $"kill -TERM {silo.Id}"]);
            await kill.WaitForExitAsync();
            Assert.Contains("[DONE]", await last, StringComparison.Ordinal);
            await silo.WaitForExitAsync().WaitAsync(Wait.Limit);
            Assert.True(silo.ExitCode == 0, Log());
            Assert.Contains("Stopping within 20 seconds", Log(), StringComparison.Ordinal);
            Assert.DoesNotContain("took too long", Log(), StringComparison.Ordinal);
        }
        finally
        {
            if (!silo.HasExited)
            {
                silo.Kill();
            }

            File.Delete(keys);
        }

        // In a pod, the root file system is read-only.
        Assert.Equal(before, app.Contents());

        void Note(string? line)
        {
            lock (log)
            {
                log.AppendLine(line);
            }
        }

        string Log()
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    [Fact]
    public void Silos_wait_for_complete_weights()
    {
        string[] command = [.. Silos.PodTemplate!["spec"]!["initContainers"]![0]!["command"]!.AsArray().Select(static a => a!.GetValue<string>())];
        string[] For(string model) => [.. command.Select(a => a.Replace("$(HUNYUAN_MODEL)", model, StringComparison.Ordinal))];
        (int code, string output) = app.RunCommand(For(Path.Combine(app.Path, "demo-model")));
        Assert.True(code == 0, output);
        DirectoryInfo half = Directory.CreateTempSubdirectory("hunyuan-half-");
        try
        {
            Assert.NotEqual(0, app.RunCommand(For(half.FullName)).Code);
            foreach (string file in Directory.GetFiles(TestPaths.DemoModel).Where(static f => Path.GetFileName(f) != "config.json"))
            {
                File.Copy(file, Path.Combine(half.FullName, Path.GetFileName(file)));
            }

            Assert.NotEqual(0, app.RunCommand(For(half.FullName)).Code);
        }
        finally
        {
            half.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("single")]
    [InlineData("h200")]
    public void The_pull_job_has_a_valid_command(string overlay)
    {
        Dictionary<string, string> weights = File.ReadLines(Path.Combine(Manifests.Folder, "overlays", overlay, "weights.env"))
            .Select(static l => l.Split('=', 2)).ToDictionary(static p => p[0], static p => p[1]);
        Manifest job = Manifests.Written.Single(static m => m.Kind == "Job");
        IEnumerable<string> command = job.PodTemplate!["spec"]!["containers"]![0]!["command"]!.AsArray()
            .Select(a => Variable().Replace(a!.GetValue<string>(), m => weights[m.Groups[1].Value]));
        // The command is accepted and fails only at the address of the hub.
        (int code, string output) = app.RunCommand(command, ("HF_ENDPOINT", "none"));
        Assert.Equal(2, code);
        Assert.Contains("HF_ENDPOINT must be an http or https address", output, StringComparison.Ordinal);
    }

    private static async Task<string> ChatAsync(HttpClient client, string more, TaskCompletionSource? begun = null)
    {
        string body = """{"messages":[{"role":"user","content":"What is the capital of France?"}],"stream":true""" + more + "}";
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        begun?.SetResult();
        return await answer.Content.ReadAsStringAsync();
    }

    // Alert rules and scalers use only metrics that the silo exports.
    private static async Task MetricsAsync(HttpClient client)
    {
        string[] used = Alerts.Metrics();
        Assert.True(used.Length >= 7, string.Join(' ', used));
        string metrics = await client.GetStringAsync("/metrics");
        Assert.All(used, name => Assert.Matches($"(?m)^{name}[ {{]", metrics));
    }

    private static async Task AnswersAsync(Uri url, Process silo, Func<string> log, string? key = null)
    {
        using HttpClient http = new();
        http.DefaultRequestHeaders.Authorization = key is null ? null : new("Bearer", key);
        try
        {
            await Wait.UntilAsync(AnswersOkAsync, $"{url} answers 200");
        }
        catch (TimeoutException timeout)
        {
            Assert.Fail($"{timeout.Message}\n{log()}");
        }

        async Task<bool> AnswersOkAsync()
        {
            Assert.False(silo.HasExited, log());
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(url);
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
                return false;
            }
        }
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [GeneratedRegex("\"content\":\"([^\"]*)\"")]
    private static partial Regex Piece();

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Variable();
}
