using System.CommandLine;
using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>tokenize</c>: turns text into token ids. Needs a tokenizer, but no weights.</summary>
internal static class TokenizeCommand
{
    private static readonly Option<string?> Text = new("--text", "-t") { Description = "The text to tokenize.", HelpName = "TEXT" };

    private static readonly Option<string?> TextFile = new("--file") { Description = "Read the text from a file.", HelpName = "FILE" };

    private static readonly Option<string?> Lines = new("--lines")
    {
        Description = "Read texts from a file with an object {\"text\": …} per line. The output has an object per line.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Chat = new("--chat")
    {
        Description = "Read messages [{\"role\", \"content\"}, …] from a JSON file and apply the chat template.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Special = new("--special")
    {
        Description = "Recognise special tokens in the text. Without this option they are ordinary text.",
    };

    /// <summary>Creates the verb.</summary>
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

        PromptEncoder encoder = new(SharedOptions.ModelFolder(parsed));
        Tokenizer tokenizer = encoder.Tokenizer;
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
            : encoder.EncodeChat(Conversation.Read(chat));
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
