using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Text;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Train.Data;

/// <summary>
/// Reads a file with one example per line: chats {"messages": […]}, with "tools" if there are any, which the model's template renders, or
/// {"input_ids": […], "labels": […]}. All lines are checked before anything is trained. Special tokens in messages are ordinary text.
/// </summary>
/// <param name="modelFolder">The model's folder. Its tokenizer and template are read when the first chat is.</param>
/// <param name="vocabulary">Number of rows of the model's embedding.</param>
public sealed class ExampleReader(string modelFolder, int vocabulary)
{
    // Enough to show what is wrong with a file, and not a screen of it.
    private const int ReportedLines = 10;

    private readonly Lazy<(ChatEncoder Encoder, AnswerMarks Marks)> _chat = new(() =>
    {
        Tokenizer tokenizer = Tokenizer.Load(modelFolder);
        ChatEncoder encoder = new(tokenizer, ChatTemplate.Load(modelFolder));
        return (encoder, AnswerMarks.Find(tokenizer, encoder));
    });

    /// <summary>The system message of chats that begin without one; empty (default) for none.</summary>
    public string System { get; init; } = "";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxLength">Tokens after which an example is cut, at least 2.</param>
    /// <exception cref="ModelException">Lines are wrong, or nothing is left to train. The message lists them by number.</exception>
    public TrainingData Read(string path, int maxLength)
    {
        List<TrainingExample> examples = [];
        List<string> errors = [];
        int number = 0, wrong = 0, untrained = 0;
        foreach (string line in ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                TrainingExample example = ReadLine(line, number, maxLength);
                if (example.Predictions > 0)
                {
                    examples.Add(example);
                }
                else
                {
                    untrained++;
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or TextException)
            {
                wrong++;
                if (errors.Count < ReportedLines)
                {
                    errors.Add($"line {number}: {(e is JsonException ? "not valid JSON: " : "")}{e.Message.TrimEnd('.')}");
                }
            }
        }

        if (wrong > 0)
        {
            string more = wrong > errors.Count ? $"; and {wrong - errors.Count} more" : "";
            throw new ModelException($"{path}: {wrong} of {number} lines cannot be used. {string.Join("; ", errors)}{more}.");
        }

        if (examples.Count == 0)
        {
            string which = untrained > 0 ? $"; {untrained} lines have none, or lose it at {maxLength} tokens" : "";
            throw new ModelException($"{path}: no line has a token to train{which}.");
        }

        return new TrainingData(path, examples, examples.Count(static e => e.CutTokens > 0), examples.Sum(static e => (long)e.CutTokens), untrained);
    }

    private static IEnumerable<string> ReadLines(string path)
    {
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    private TrainingExample ReadLine(string line, int number, int maxLength)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        JsonElement root = json.RootElement;
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("messages", out JsonElement messages))
        {
            int[] ids = Encode(messages, root.TryGetProperty("tools", out JsonElement tools) ? tools : default);
            return Cut(ids, _chat.Value.Marks.Label(ids), number, maxLength);
        }

        bool isObject = root.ValueKind == JsonValueKind.Object;
        if (isObject && root.TryGetProperty("input_ids", out JsonElement inputs) && root.TryGetProperty("labels", out JsonElement targets))
        {
            int[] ids = Numbers(inputs, "input_ids", allowIgnored: false);
            int[] labels = Numbers(targets, "labels", allowIgnored: true);
            return ids.Length == labels.Length && ids.Length > 0
                ? Cut(ids, labels, number, maxLength)
                : throw new FormatException($"input_ids has {ids.Length} entries and labels has {labels.Length}; allowed: the same number, at least one");
        }

        throw new FormatException("it must be an object with messages, or with input_ids and labels");
    }

    private int[] Encode(JsonElement json, JsonElement tools)
    {
        if (tools.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null or JsonValueKind.Undefined))
        {
            throw new FormatException("tools must be an array");
        }


        IReadOnlyList<ChatMessage> messages = ChatMessage.ListFromJson(json);
        if (!messages.Any(static message => message.Role == "assistant"))
        {
            throw new FormatException("no message has the role assistant, so there is nothing to train");
        }

        if (System.Length > 0 && messages[0].Role != "system")
        {
            messages = [ChatMessage.System(System), .. messages];
        }

        return _chat.Value.Encoder.Encode(new ChatTemplateInput
        {
            Messages = messages,
            Tools = tools.ValueKind == JsonValueKind.Array ? [.. tools.EnumerateArray().Select(static tool => tool.Clone())] : null,
            AddGenerationPrompt = false,
        });
    }

    private static TrainingExample Cut(int[] ids, int[] labels, int number, int maxLength)
    {
        int kept = Math.Min(ids.Length, maxLength);
        return new TrainingExample(ids[..kept], labels[..kept], number, ids.Length - kept);
    }

    private int[] Numbers(JsonElement json, string name, bool allowIgnored)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"{name} must be an array of token ids");
        }

        int[] numbers = new int[json.GetArrayLength()];
        int at = 0;
        foreach (JsonElement entry in json.EnumerateArray())
        {
            bool valid = entry.ValueKind == JsonValueKind.Number && entry.TryGetInt32(out numbers[at])
                && ((numbers[at] >= 0 && numbers[at] < vocabulary) || (allowIgnored && numbers[at] == TrainingExample.Ignored));
            if (!valid)
            {
                string ignored = allowIgnored ? $" or {TrainingExample.Ignored}" : "";
                throw new FormatException($"{name}[{at}] is {entry.GetRawText()}; allowed: 0 to {vocabulary - 1}{ignored}");
            }

            at++;
        }

        return numbers;
    }
}
