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
        ClusterOptions.AddTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        PromptOptions.Check(parsed);
        SamplingOptions.Check(parsed);
        using InterruptHandler interrupt = new();
        if (ClusterOptions.IsGiven(parsed))
        {
            await using ClusterSession cluster = await ClusterOptions.OpenAsync(parsed, interrupt.Token);
            return await AnswerAsync(parsed, cluster, await PromptOptions.ReadAsync(parsed, cluster), interrupt);
        }

        // The prompt first: what is wrong with it is said before the weights are loaded.
        PromptEncoder text = new(SharedOptions.ModelFolder(parsed));
        int[] prompt = await PromptOptions.ReadAsync(parsed, text);
        await using ModelSession session = ModelSession.Open(text, ComputeSettings.Read(parsed), interrupt.Token);
        return await AnswerAsync(parsed, session, prompt, interrupt);
    }

    private static async Task<int> AnswerAsync(ParseResult parsed, IInferenceSession session, int[] prompt, InterruptHandler interrupt)
    {
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
