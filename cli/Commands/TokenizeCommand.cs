using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>tokenize: text to token ids. Needs a tokenizer only, no weights.</summary>
internal static class TokenizeCommand
{
    private static readonly Option<string?> Text = new("--text", "-t") { Description = "The text.", HelpName = "TEXT" };

    private static readonly Option<string?> TextFile = new("--file") { Description = "A file that holds the text.", HelpName = "FILE" };

    private static readonly Option<string?> Lines = new("--lines")
    {
        Description = "A file with an object {\"text\": …} per line; gives an object per line.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Chat = new("--chat")
    {
        Description = "A JSON file with messages [{\"role\", \"content\"}, …], put through the chat template.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Special = new("--special")
    {
        Description = "Read special tokens in the text as such; else they are ordinary text.",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new("tokenize", "Turns text into token ids.")
        {
            SharedOptions.Model, Text, TextFile, Lines, Chat, Special, SharedOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        string? text = parsed.GetValue(Text);
        string? file = parsed.GetValue(TextFile);
        string? lines = parsed.GetValue(Lines);
        string? chat = parsed.GetValue(Chat);
        if (new[] { text, file, lines, chat }.Count(s => s is not null) != 1)
        {
            throw new UsageException("Give exactly one of --text, --file, --lines and --chat.");
        }

        PromptEncoder model = new(SharedOptions.ModelFolder(parsed));
        Tokenizer tokenizer = model.Tokenizer;
        bool special = parsed.GetValue(Special);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (lines is not null)
        {
            foreach (string[] fields in JsonLines.Read(lines, "text"))
            {
                WriteJson(output, tokenizer, tokenizer.Encode(fields[0], special));
            }

            return ExitCode.Success;
        }

        int[] ids = chat is null
            ? tokenizer.Encode(text ?? File.ReadAllText(file!), special)
            : model.EncodeChat(Conversation.Read(chat));
        if (parsed.GetValue(SharedOptions.Json))
        {
            WriteJson(output, tokenizer, ids);
        }
        else
        {
            output.WriteLine(string.Join(',', ids));
        }

        return ExitCode.Success;
    }

    private static void WriteJson(TextWriter output, Tokenizer tokenizer, int[] ids)
    {
        TokenizeResult result = new(ids, tokenizer.Decode(ids, skipSpecial: false));
        output.WriteLine(JsonSerializer.Serialize(result, JsonOutput.Readable.TokenizeResult));
    }
}
