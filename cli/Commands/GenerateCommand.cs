using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>generate</c>: answers one prompt and writes the answer while it is generated.</summary>
internal static class GenerateCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("generate", "Answers one prompt.") { SharedOptions.Model };
        PromptOptions.AddTo(command);
        SamplingOptions.AddTo(command);
        command.Add(AdapterOptions.Folder);
        SharedOptions.AddComputeTo(command);
        SharedOptions.AddGuessingTo(command);
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
            if (parsed.GetValue(AdapterOptions.Folder) is not null)
            {
                throw new UsageException("--lora is for a model in this process; clusters serve the bare model only.");
            }

            await using ClusterSession cluster = await ClusterOptions.OpenAsync(parsed, interrupt.Token);
            return await AnswerAsync(parsed, cluster, await PromptOptions.ReadAsync(parsed, cluster), interrupt);
        }

        // The prompt is read first, so that an error in it is reported before the weights are loaded.
        PromptEncoder encoder = new(SharedOptions.ModelFolder(parsed));
        int[] prompt = await PromptOptions.ReadAsync(parsed, encoder);
        AdapterOptions.Check(parsed, ModelConfig.Load(encoder.Folder));
        await using ModelSession session = ModelSession.Open(encoder, ComputeSettings.Read(parsed), interrupt.Token, ComputeSettings.Scheduler(parsed), parsed.GetValue(AdapterOptions.Folder));
        return await AnswerAsync(parsed, session, prompt, interrupt);
    }

    private static async Task<int> AnswerAsync(ParseResult parsed, IInferenceSession session, int[] prompt, InterruptHandler interrupt)
    {
        GenerationRequest request = session.CreateRequest(prompt, SamplingOptions.Read(parsed, session.Defaults), interrupt.Token) with
        {
            ReportProgress = TerminalFeatures.IsInteractive,
        };

        TextWriter output = parsed.InvocationConfiguration.Output;
        bool json = parsed.GetValue(SharedOptions.Json);
        Answer answer = await session.AnswerAsync(request, chunk => Write(output, json ? "" : chunk));
        output.WriteLine(json
            ? JsonSerializer.Serialize(GenerateResult.Of(answer, prompt, session.LoadTime), JsonOutput.Readable.GenerateResult)
            : "");
        interrupt.Token.ThrowIfCancellationRequested();
        return ExitCode.Success;
    }

    private static void Write(TextWriter output, string chunk)
    {
        output.Write(chunk);
        output.Flush();
    }
}
