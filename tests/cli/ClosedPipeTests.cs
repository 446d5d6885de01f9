using System.Diagnostics;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>When the program that reads the output ends, the command ends too, with the exit code of SIGPIPE and without a message.</summary>
public sealed class ClosedPipeTests
{
    private const int ClosedPipe = 141;

    [SkippableFact]
    public async Task A_stream_of_text_ends_the_work()
    {
        SkipOnWindows();
        using Process process = CliProcess.Start(["generate", "Hello", "--ignore-eos", "--max-tokens", "4000", "--temperature", "2"], null);
        process.StandardOutput.Read();
        process.StandardOutput.Close();
        await EndedQuietlyAsync(process);
    }

    [SkippableTheory]
    [InlineData("generate hello --json")]
    [InlineData("logits --ids 1,2")]
    [InlineData("tokenize --text a")]
    [InlineData("inspect demo-model")]
    [InlineData("plan")]
    [InlineData("bench --prompt 4 --gen 2 --batch 1 --repeat 1")]
    [InlineData("eval --data FILE")]
    [InlineData("--help")]
    [InlineData("load --help")]
    public async Task Every_verb_ends_quietly(string line)
    {
        SkipOnWindows();
        using TempFolder temp = new();
        string data = temp.Write("data", """{"input":"Hello","label":"无"}""");
        string[] args = line.Replace("demo-model", TestPaths.DemoModel, StringComparison.Ordinal).Split(' ');
        using Process process = CliProcess.Start([.. args.Select(arg => arg == "FILE" ? data : arg)], null);
        process.StandardOutput.Close();
        await EndedQuietlyAsync(process);
    }

    [SkippableFact]
    public async Task A_chat_ends_without_waiting_for_more_questions()
    {
        SkipOnWindows();
        using Process process = CliProcess.Start(["chat"], null);
        process.StandardOutput.Close();
        await process.StandardInput.WriteLineAsync("Hello");
        await process.StandardInput.FlushAsync();
        await EndedQuietlyAsync(process);
    }

    [SkippableFact]
    public async Task A_server_goes_on_for_its_clients()
    {
        SkipOnWindows();
        int port = Ports.FindFree();
        using Process process = CliProcess.Start(["serve", "--port", $"{port}", "--threads", "1", "--log-level", "error"], null);
        process.StandardOutput.Close();
        using HttpClient client = new();
        await Wait.UntilSucceedsAsync(
            () => client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/health/ready")), error => error is HttpRequestException && !process.HasExited);
        CliProcess.Interrupt(process);
        await process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal(0, process.ExitCode);
    }

    [SkippableFact]
    public async Task Many_lines_end_at_the_first_that_nobody_reads()
    {
        SkipOnWindows();
        using TempFolder temp = new();
        string lines = temp.Write("lines.jsonl", string.Concat(Enumerable.Repeat("{\"text\":\"abc abc abc\"}\n", 100_000)));
        using Process process = CliProcess.Start(["tokenize", "--lines", lines], null);
        Assert.StartsWith("{\"ids\":[", await process.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);
        process.StandardOutput.Close();
        await EndedQuietlyAsync(process);
    }

    [SkippableFact]
    public async Task A_closed_error_stream_changes_no_exit_code_to_a_crash()
    {
        SkipOnWindows();
        using Process process = CliProcess.Start(["generate"], null);
        process.StandardError.Close();
        await process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal(ClosedPipe, process.ExitCode);
    }

    [SkippableFact]
    public void A_pipe_that_is_read_to_its_end_is_no_error()
    {
        SkipOnWindows();
        CliResult result = CliProcess.Run("generate", "What is the capital of France?");
        Assert.Equal((0, "The capital of France is Paris.\n"), (result.Code, result.Output));
    }

    [SkippableFact]
    public void A_full_disk_is_reported_in_one_line()
    {
        Skip.IfNot(File.Exists("/dev/full"), "The system has no /dev/full.");
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"'{TestPaths.Dotnet}' '{CliProcess.Binary}' tokenize --text a > /dev/full"])
        {
            RedirectStandardError = true,
        })!;
        string error = bash.StandardError.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal((1, "hunyuan tokenize: No space left on device\n"), (bash.ExitCode, error));
    }

    private static void SkipOnWindows() => Skip.If(OperatingSystem.IsWindows(), "Windows has no broken pipes of this kind.");

    private static async Task EndedQuietlyAsync(Process process)
    {
        string error = await process.StandardError.ReadToEndAsync().WaitAsync(Wait.Limit);
        await process.WaitForExitAsync().WaitAsync(Wait.Limit);
        Assert.Equal((ClosedPipe, ""), (process.ExitCode, error));
    }
}
