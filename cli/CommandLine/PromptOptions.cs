using System.CommandLine;
using System.CommandLine.Parsing;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that give a prompt: a text, a file, messages or ids. It knows no sampling.</summary>
internal static class PromptOptions
{
    private static readonly Argument<string?> Text = new("TEXT")
    {
        Description = "The prompt; the same as --prompt.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Prompt = new("--prompt", "-p") { Description = "The prompt.", HelpName = "TEXT" };

    private static readonly Option<string?> PromptFile = new("--prompt-file")
    {
        Description = "A file that holds the prompt; - reads the standard input.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Chat = new("--chat")
    {
        Description = "A JSON file with messages [{\"role\", \"content\"}, …].",
        HelpName = "FILE",
    };

    private static readonly Option<int[]?> Ids = SharedOptions.IdList(required: false);

    private static readonly Option<bool> Raw = new("--raw")
    {
        Description = "Continue the text as it is, without the chat template.",
    };

    /// <summary>--system: the system message.</summary>
    public static readonly Option<string> System = new("--system")
    {
        Description = "System message; an empty one means none.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => ChatTemplate.DefaultSystemPrompt,
    };

    /// <summary>Adds all of them to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Text);
        foreach (Option option in new Option[] { Prompt, PromptFile, Chat, Ids, Raw, System })
        {
            command.Add(option);
        }
    }

    /// <summary>Throws unless the command line gives exactly one prompt.</summary>
    /// <exception cref="UsageException">It gives none or several, or --raw where it means nothing.</exception>
    public static void Check(ParseResult parsed)
    {
        Symbol[] sources = [Text, Prompt, PromptFile, Chat, Ids];
        if (sources.Count(source => IsGiven(parsed, source)) != 1)
        {
            throw new UsageException("Give exactly one of TEXT, --prompt, --prompt-file, --chat and --ids.");
        }

        if (parsed.GetValue(Raw) && parsed.GetValue(Chat) is not null)
        {
            throw new UsageException("--raw goes with a text: messages always take the chat template.");
        }
    }

    /// <summary>The token ids of the prompt. Call <see cref="Check"/> before.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="text">The model's text side; needed only where the prompt is not given as ids.</param>
    public static async ValueTask<int[]> ReadAsync(ParseResult parsed, IPromptEncoder text)
    {
        if (IsGiven(parsed, Ids))
        {
            return parsed.GetValue(Ids)!;
        }

        if (parsed.GetValue(Chat) is { } chat)
        {
            return await text.EncodeChatAsync(Conversation.Read(chat));
        }

        string prompt = parsed.GetValue(Text) ?? parsed.GetValue(Prompt) ?? ReadFile(parsed.GetValue(PromptFile)!);
        return parsed.GetValue(Raw)
            ? await text.EncodeAsync(prompt)
            : await text.EncodeChatAsync(Conversation.Question(parsed.GetValue(System)!, prompt));
    }

    // An option that is absent may still have a value, such as an empty list.
    private static bool IsGiven(ParseResult parsed, Symbol symbol) => parsed.GetResult(symbol) switch
    {
        OptionResult option => !option.Implicit,
        ArgumentResult argument => argument.Tokens.Count > 0,
        _ => false,
    };

    private static string ReadFile(string path)
    {
        if (path != "-")
        {
            return File.ReadAllText(path);
        }

        using StreamReader input = new(Console.OpenStandardInput());
        return input.ReadToEnd();
    }
}
