using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Engine.Requests;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>generate: one prompt, one answer, written as it comes.</summary>
internal static class GenerateCommand
{
    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new("generate", "Answers one prompt.") { SharedOptions.Model };
        PromptOptions.AddTo(command);
        SamplingOptions.AddTo(command);
        SharedOptions.AddComputeTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        PromptOptions.Check(parsed);
        SamplingOptions.Check(parsed);
        ModelText text = new(SharedOptions.ModelFolder(parsed));
        int[] prompt = PromptOptions.Read(parsed, text);
        using Interrupt interrupt = new();
        await using ModelSession session = ModelSession.Open(text, ComputeSettings.Read(parsed), interrupt.Token);
        GenerationRequest request = session.Request(prompt, SamplingOptions.Read(parsed, session.Defaults), interrupt.Token);

        TextWriter output = parsed.InvocationConfiguration.Output;
        bool json = parsed.GetValue(SharedOptions.Json);
        Answer answer = await session.AnswerAsync(request, piece => Show(output, json ? "" : piece));
        output.WriteLine(json
            ? JsonSerializer.Serialize(GenerateResult.Of(answer, prompt, session.LoadTime), JsonOutput.Readable.GenerateResult)
            : "");
        interrupt.Token.ThrowIfCancellationRequested();
        return ExitCode.Success;
    }

    private static void Show(TextWriter output, string piece)
    {
        output.Write(piece);
        output.Flush();
    }
}
