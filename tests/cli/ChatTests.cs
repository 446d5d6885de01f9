using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The verb chat with redirected input and output.</summary>
public sealed class ChatTests
{
    private static readonly JsonElement TwoTurns = DemoExpected.Items.Single(i => i.GetProperty("messages").GetArrayLength() == 4);

    [Fact]
    public void The_conversation_is_remembered()
    {
        string[] messages = [.. TwoTurns.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("content").GetString()!)];
        CliResult result = CliProcess.Run(["chat", "--mode", "f32"], $"{messages[1]}\n\n{messages[3]}\n", null);
        Assert.Equal(0, result.Code);
        Assert.Equal($"{messages[2]}\n{TwoTurns.GetProperty("output_text").GetString()}\n", result.Output);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Reset_forgets_and_exit_leaves()
    {
        const string Greeting = "谢谢";
        string fresh = CliProcess.Run("generate", Greeting).Output;
        CliResult result = CliProcess.Run(["chat"], $"Hello\n/reset\n{Greeting}\n/exit\nWho are you?\n", null);
        Assert.Equal(0, result.Code);
        string[] answers = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, answers.Length);
        Assert.Equal(fresh.TrimEnd('\n'), answers[1]);
    }

    [Fact]
    public void A_question_that_does_not_fit_is_refused_and_the_conversation_continues()
    {
        CliResult result = CliProcess.Run(["chat"], string.Join(' ', Enumerable.Repeat("word", 5000)) + "\nHello\n", null);
        Assert.Equal(0, result.Code);
        Assert.Contains("4096", Assert.Single(result.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
    }

    [SkippableFact]
    public void An_interrupt_stops_the_answer_but_not_the_program()
    {
        Skip.If(OperatingSystem.IsWindows(), "Interrupts are sent by a shell.");
        using Process chat = CliProcess.Start(["chat", "--ignore-eos", "--max-tokens", "4000", "--temperature", "2"], null);
        chat.StandardInput.WriteLine("Hello");
        chat.StandardInput.Flush();
        char first = (char)chat.StandardOutput.Read();
        CliProcess.Interrupt(chat);

        string answer = first + chat.StandardOutput.ReadLine();
        Assert.EndsWith("[stopped]", answer, StringComparison.Ordinal);
        chat.StandardInput.WriteLine("/exit");
        chat.WaitForExit();
        Assert.Equal(0, chat.ExitCode);
    }
}
