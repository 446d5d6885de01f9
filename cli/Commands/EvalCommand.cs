using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>
/// The verb <c>eval</c>: answers questions greedily and counts the right answers, answers multiple-choice questions by the likelihood of the choices, or
/// compares the model in several formats with float32.
/// </summary>
internal static class EvalCommand
{
    // Enough to keep every batch full while prompts are encoded, and fewer than the engine's queue takes.
    private const int MaxOutstanding = 256;

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "A file with an object {\"input\", \"label\"} per line. Required without --choices, except that --kl uses random token ids without it.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Kl = new("--kl")
    {
        Description = "Instead of asking, measure the divergence of the next-token distributions from those in float32, for every format or for that "
            + "of --quant.",
    };

    private static readonly Option<string?> Out = SharedOptions.Out("Write the answers to FILE, as an object per line.");

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("eval", "Measures accuracy on questions with known answers.")
        {
            SharedOptions.Model, Data, Kl, Out, PromptOptions.System,
        };
        EvalChoices.AddTo(command);
        SamplingOptions.AddLengthTo(command);
        SharedOptions.AddComputeTo(command);
        command.Add(SharedOptions.Json);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        if (EvalChoices.IsGiven(parsed, Data, Kl, SamplingOptions.Length))
        {
            return EvalChoices.Run(parsed, OpenFile);
        }

        EvalItem[] items = ReadItems(parsed);
        if (parsed.GetValue(Kl))
        {
            return Compare(parsed, items);
        }

        using AnswerFile file = OpenFile(parsed);
        PromptEncoder encoder = new(SharedOptions.ModelFolder(parsed));
        // Loads the tokenizer first, so that a folder without one fails before the weights are loaded.
        _ = encoder.Tokenizer;
        using InterruptHandler interrupt = new();
        await using ModelSession session = ModelSession.Open(encoder, ComputeSettings.Read(parsed), interrupt.Token);
        string[] answers = ProgressDisplay.Run(
            "Answering", bytes: false, report => AnswerAllAsync(session, parsed, items, report, interrupt.Token).GetAwaiter().GetResult());

        EvalAnswer[] judged =
            [.. items.Zip(answers, (item, answer) => new EvalAnswer(item.Input, item.Label, answer, item.IsCorrect(answer)))];
        file.Write(judged, JsonOutput.Readable.EvalAnswer);
        Print(parsed, judged);
        return ExitCode.Success;
    }

    private static AnswerFile OpenFile(ParseResult parsed) => new(parsed.GetValue(Out));

    private static EvalItem[] ReadItems(ParseResult parsed)
    {
        if (parsed.GetValue(Data) is not { } data)
        {
            return parsed.GetValue(Kl) ? [] : throw new UsageException("--data is required, unless --choices or --kl is given.");
        }

        EvalItem[] items = [.. JsonLines.Read(data, "input", "label").Select(fields => new EvalItem(fields[0], fields[1]))];
        return items.Length > 0 ? items : throw new ModelException($"{data} has no questions.");
    }

    private static int Compare(ParseResult parsed, EvalItem[] items)
    {
        string folder = SharedOptions.ModelFolder(parsed);
        ModelConfig config = ModelConfig.Load(folder);
        PromptEncoder encoder = new(folder);
        string system = parsed.GetValue(PromptOptions.System)!;
        IReadOnlyList<(int[] Ids, int First)> prompts = items.Length == 0 ? DivergenceBenchmark.Random(config) : [.. items.Select(item =>
        {
            // Counts the positions that predict the tokens of the answer, and the one that predicts what follows it.
            int[] prompt = encoder.EncodeChat(Conversation.Question(system, item.Input));
            return ((int[])[.. prompt, .. encoder.Tokenizer.Encode(item.Label)], prompt.Length - 1);
        })];
        QuantFormat[] formats = ComputeSettings.Quant(parsed) is { } one ? [one] : Enum.GetValues<QuantFormat>();
        using InterruptHandler interrupt = new();
        DivergenceBenchmark benchmark = new(folder, ComputeSettings.Read(parsed), prompts);
        DivergenceResult[] results = ProgressDisplay.Run("Comparing", bytes: false, report => benchmark.Run(formats, report, interrupt.Token));
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(results, JsonOutput.Readable.DivergenceResultArray));
            return ExitCode.Success;
        }

        output.WriteLine($"form            weights     mean KL  same best   ({results[0].Positions} positions)");
        foreach (DivergenceResult result in results)
        {
            output.WriteLine(FormattableString.Invariant($"{result.Types,-14}{Units.Bytes(result.WeightBytes),9}  {result.MeanKl,10:0.000000}  {result.SameBest,9:P1}"));
        }

        return ExitCode.Success;
    }

    private static async Task<string[]> AnswerAllAsync(
        ModelSession session, ParseResult parsed, EvalItem[] items, ProgressReport report, CancellationToken cancellation)
    {
        string system = parsed.GetValue(PromptOptions.System)!;
        AnswerSettings settings = SamplingOptions.ReadGreedy(parsed, session.Defaults);
        using SemaphoreSlim slots = new(MaxOutstanding);
        int done = 0;
        int right = 0;
        Task<string>[] running = new Task<string>[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            await slots.WaitAsync(cancellation);
            running[i] = AskAsync(items[i]);
        }

        return await Task.WhenAll(running);

        async Task<string> AskAsync(EvalItem item)
        {
            try
            {
                int[] prompt = session.Encoder.EncodeChat(Conversation.Question(system, item.Input));
                Answer answer = await session.AnswerAsync(session.CreateRequest(prompt, settings, cancellation), _ => { });
                cancellation.ThrowIfCancellationRequested();
                int rightSoFar = item.IsCorrect(answer.Text!) ? Interlocked.Increment(ref right) : Volatile.Read(ref right);
                int doneSoFar = Interlocked.Increment(ref done);
                report(doneSoFar, items.Length, $"{rightSoFar} of {doneSoFar} right");
                return answer.Text!;
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private static void Print(ParseResult parsed, EvalAnswer[] judged)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        int right = judged.Count(answer => answer.Right);
        double accuracy = (double)right / judged.Length;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(new EvalResult(accuracy, judged.Length, right), JsonOutput.Readable.EvalResult));
            return;
        }

        foreach (EvalAnswer answer in judged)
        {
            output.WriteLine(answer.Right
                ? $"right  {OneLine(answer.Answer)}"
                : $"wrong  {OneLine(answer.Answer)}  (should be {OneLine(answer.Label)})");
        }

        output.WriteLine($"accuracy {accuracy:P1}: {right} of {judged.Length} exactly right");
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
