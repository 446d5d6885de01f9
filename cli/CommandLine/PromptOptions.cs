using System.CommandLine;
using System.CommandLine.Parsing;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Text.Templates;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that give a prompt: a text, a file, messages or token ids.</summary>
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
        Description = "Read the prompt from a file; - means the standard input.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Chat = new("--chat")
    {
        Description = "Read the conversation from a JSON file with messages [{\"role\", \"content\"}, …].",
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
        Description = "The system message; an empty text means none.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => ChatTemplate.DefaultSystemPrompt,
    };

    /// <summary>Adds the options to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Text);
        foreach (Option option in new Option[] { Prompt, PromptFile, Chat, Ids, Raw, System })
        {
            command.Add(option);
        }
    }

    /// <summary>Checks that the command line gives exactly one prompt.</summary>
    /// <exception cref="UsageException">It gives none or several, or combines --raw with messages.</exception>
    public static void Check(ParseResult parsed)
    {
        Symbol[] sources = [Text, Prompt, PromptFile, Chat, Ids];
        if (sources.Count(source => IsGiven(parsed, source)) != 1)
        {
            throw new UsageException("Give exactly one of TEXT, --prompt, --prompt-file, --chat and --ids.");
        }

        if (parsed.GetValue(Raw) && parsed.GetValue(Chat) is not null)
        {
            throw new UsageException("--raw needs a text: messages are always formatted by the chat template.");
        }
    }

    /// <summary>The token ids of the prompt. Call <see cref="Check"/> first.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="encoder">Encodes a prompt that is not given as token ids.</param>
    public static async ValueTask<int[]> ReadAsync(ParseResult parsed, IPromptEncoder encoder)
    {
        if (IsGiven(parsed, Ids))
        {
            return parsed.GetValue(Ids)!;
        }

        if (parsed.GetValue(Chat) is { } chat)
        {
            return await encoder.EncodeChatAsync(Conversation.Read(chat));
        }

        string prompt = parsed.GetValue(Text) ?? parsed.GetValue(Prompt) ?? ReadFile(parsed.GetValue(PromptFile)!);
        return parsed.GetValue(Raw)
            ? await encoder.EncodeAsync(prompt)
            : await encoder.EncodeChatAsync(Conversation.Question(parsed.GetValue(System)!, prompt));
    }

    // An option that was not given may still have a value, such as an empty list.
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
