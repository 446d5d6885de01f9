using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>convert</c>: writes a model folder as a GGUF file, or a GGUF file as a model folder.</summary>
internal static class ConvertCommand
{
    private const string Ending = ".gguf";
    private const string DefaultFolderType = "bf16";

    private static readonly Argument<string> Source = new("MODEL") { Description = "The model to convert: a folder that is not quantised, or a GGUF file." };

    private static readonly Argument<string> Target = new("OUT")
    {
        Description = "What to write: a new file whose name ends in .gguf, or a folder that is empty or does not exist.",
    };

    private static readonly Option<string> To = new Option<string>("--to")
    {
        Description = "The type of matrices. For a file: q8_0, q4_0, bf16, f16 or f32. For a folder, what blocks are decoded to: bf16 or f32 [default: bf16].",
        HelpName = string.Join('|', GgufConversion.FileTypeNames),
    }.OneOf([.. GgufConversion.FileTypeNames]);

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("convert", "Converts a model between a folder and a GGUF file, with its tokenizer and chat template.")
        {
            Source, Target, To, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(Source), target = parsed.GetRequiredValue(Target);
        bool toFile = target.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);
        string? type = parsed.GetValue(To) ?? (toFile ? null : DefaultFolderType);
        bool fromFile = GgufConversion.IsGguf(source);
        if (toFile == fromFile)
        {
            throw new UsageException(toFile
                ? $"Both {source} and {target} are GGUF files: one of them must be a model folder."
                : $"Neither {source} nor {target} is a GGUF file: the name of one must end in {Ending}.");
        }

        if (type is null)
        {
            throw new UsageException($"Name the type of the file's matrices with --to: {string.Join(", ", GgufConversion.FileTypeNames)}.");
        }

        if (fromFile && !GgufConversion.FolderTypeNames.Contains(type))
        {
            throw new UsageException($"--to is {type}; allowed for a folder: {string.Join(", ", GgufConversion.FolderTypeNames)}.");
        }

        long started = Stopwatch.GetTimestamp();
        using InterruptHandler interrupt = new();
        long bytes = ProgressDisplay.Run("Converting", bytes: true, report => toFile
            ? GgufConversion.ToFile(source, target, type, Vocabulary(source), (done, total) => report(done, total), interrupt.Token)
            : GgufConversion.ToFolder(
                source, target, type, folder => TokenizerJsonWriter.Write(source, folder), (done, total) => report(done, total), interrupt.Token));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        TextWriter output = parsed.InvocationConfiguration.Output;
        output.WriteLine(parsed.GetValue(SharedOptions.Json)
            ? JsonSerializer.Serialize(new ConvertResult(type, target, bytes, Math.Round(seconds, 3)), JsonOutput.Readable.ConvertResult)
            : $"{target}: {type}, {Units.Bytes(bytes)}, {seconds:0.0} s");
        return ExitCode.Success;
    }

    private static GgufVocabulary? Vocabulary(string folder)
    {
        if (!Tokenizer.Exists(folder))
        {
            return null;
        }

        Vocabulary vocabulary = Text.Tokenization.Vocabulary.Of(Tokenizer.Load(folder));
        return new GgufVocabulary(
            vocabulary.PreTokenizer,
            vocabulary.Tokens,
            [.. vocabulary.Kinds.Select(TypeOf)],
            vocabulary.Merges,
            ChatTemplate.Load(folder).Source);
    }

    // The numbers that GGUF gives to kinds of tokens.
    private static int TypeOf(TokenKind kind) => kind switch
    {
        TokenKind.Special => 3,
        TokenKind.Added => 4,
        TokenKind.Unused => 5,
        _ => 1,
    };
}
