using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Measuring;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The part of the verb <c>eval</c> that answers multiple-choice questions by the log-likelihood of their choices.</summary>
internal static class EvalChoices
{
    private const int Chunk = 512;

    private static readonly Option<string?> Choices = new("--choices")
    {
        Description = "Answer multiple-choice questions by the log-likelihood of the choices: a file with an object {\"question\", \"choices\", \"answer\"} per "
            + "line, where answer is an index from 0 or a letter, and optionally \"subject\".",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Shots = new("--shots")
    {
        Description = "With --choices: put the questions of this file, of the same form, with their answers before each question. Those with a subject are "
            + "only for questions with the same one.",
        HelpName = "FILE",
    };

    private static readonly Option<string> Score = new Option<string>("--score")
    {
        Description = "With --choices: whether the answer is the letter of a choice, with the choices listed in the question, or its text.",
        DefaultValueFactory = _ => "letter",
        HelpName = "letter|text",
    }.OneOf("letter", "text");

    private static readonly Option<bool> Chat = new("--chat")
    {
        Description = "With --choices: ask through the chat template, with the shots as earlier turns. Without it, questions are plain text to continue.",
    };

    /// <summary>Adds the options to the verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Choices);
        command.Add(Shots);
        command.Add(Score);
        command.Add(Chat);
    }

    /// <summary>Whether the command line asks for multiple choice.</summary>
    /// <exception cref="UsageException">It combines multiple choice with other questions, or has its options without it.</exception>
    public static bool IsGiven(ParseResult parsed, params Option[] others)
    {
        if (parsed.GetValue(Choices) is null)
        {
            return SharedOptions.FindGiven(parsed, [Shots, Score, Chat]) is { } alone ? throw new UsageException($"{alone.Name} requires {Choices.Name}.") : false;
        }

        if (!parsed.GetValue(Chat) && SharedOptions.FindGiven(parsed, [PromptOptions.System]) is { } system)
        {
            throw new UsageException($"{system.Name} requires {Chat.Name}: a text to continue has no system message.");
        }

        return SharedOptions.FindGiven(parsed, others) is { } conflicting
            ? throw new UsageException($"{Choices.Name} and {conflicting.Name} exclude each other.")
            : true;
    }

    /// <summary>Answers the questions.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="openFile">Opens the file for the answers. It is called when the questions are known to be valid.</param>
    public static int Run(ParseResult parsed, Func<ParseResult, AnswerFile> openFile)
    {
        string folder = SharedOptions.ModelFolder(parsed), score = parsed.GetValue(Score)!;
        ChoiceItem[] items = ChoiceFile.Read(parsed.GetValue(Choices)!);
        ChoiceItem[] shots = parsed.GetValue(Shots) is { } path ? ChoiceFile.Read(path) : [];
        ChoiceEncoder encoder = new(
            new PromptEncoder(folder), new ChoicePrompt(ByLetter: score == "letter"), parsed.GetValue(Chat) ? parsed.GetValue(PromptOptions.System) : null);
        int context = ModelConfig.Load(folder).WithContext(parsed.GetValue(SharedOptions.MaxModelLength)).MaxPositions;
        EncodedChoices[] questions = encoder.Encode(items, shots, context);

        using AnswerFile file = openFile(parsed);
        using InterruptHandler interrupt = new();
        using ModelRunner model = ModelLoading.Load(folder, Fit(ComputeSettings.Read(parsed), questions), interrupt.Token);
        ChoiceAnswer[] answers = ProgressDisplay.Run("Scoring", bytes: false, report => Answer(model, questions, report, interrupt.Token));
        file.Write(answers, JsonOutput.Readable.ChoiceAnswer);
        MultipleChoiceResult result = MultipleChoiceResult.Of(model.Types.Name, shots.Length, score, [.. items.Zip(answers)]);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(SharedOptions.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.MultipleChoiceResult));
        }
        else
        {
            Write(result, output);
        }

        return ExitCode.Success;
    }

    private static ModelOptions Fit(ModelOptions options, EncodedChoices[] questions)
    {
        int longest = questions.Max(static question => question.Longest), chunk = Math.Min(Chunk, longest);
        int answer = questions.SelectMany(static question => question.Sequences).Max(static sequence => sequence.Ids.Length - sequence.Start);
        return options with
        {
            KvTokens = longest,
            MaxBatchTokens = chunk,
            MaxLogitRows = Math.Min(chunk, answer),
        };
    }

    private static ChoiceAnswer[] Answer(ModelRunner model, EncodedChoices[] questions, ProgressReport report, CancellationToken cancellation)
    {
        LikelihoodScorer scorer = new(model);
        ChoiceAnswer[] answers = new ChoiceAnswer[questions.Length];
        int right = 0;
        for (int i = 0; i < questions.Length; i++)
        {
            answers[i] = ChoiceAnswer.Of(
                questions[i], [.. questions[i].Sequences.Select(sequence => scorer.Score(sequence.Ids, sequence.Start, cancellation))]);
            right += answers[i].Right ? 1 : 0;
            report(i + 1, questions.Length, $"{right} of {i + 1} right");
        }

        return answers;
    }

    private static void Write(MultipleChoiceResult result, TextWriter output)
    {
        output.WriteLine($"{result.Items} questions, {result.Shots} shots, scored by {result.Score}, {result.Types}");
        output.WriteLine($"accuracy             {Percent(result.Accuracy, result.AccuracyStderr)}");
        output.WriteLine($"normalised accuracy  {Percent(result.NormalisedAccuracy, result.NormalisedAccuracyStderr)}");
        if (result.Subjects.Length > 0)
        {
            ColumnTable.Write(
                [
                    ["subject", "questions", "accuracy", "normalised"],
                    .. result.Subjects.Select(static s => new[] { s.Subject, $"{s.Items}", $"{s.Accuracy:P1}", $"{s.NormalisedAccuracy:P1}" }),
                ],
                firstNumericColumn: 1,
                output);
        }
    }

    private static string Percent(double mean, double? error) => error is double e ? $"{mean:P1} ± {e:P1}" : $"{mean:P1}";
}
