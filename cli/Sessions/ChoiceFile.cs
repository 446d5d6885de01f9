using System.Text.Json;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Cli.Sessions;

/// <summary>
/// Reads multiple-choice questions, an object per line: <c>question</c>, <c>choices</c> (texts; or the fields A, B, C … as in C-Eval), <c>answer</c> (an index
/// from 0, or a letter) and optionally <c>subject</c>.
/// </summary>
internal static class ChoiceFile
{
    /// <summary>Reads a file. Empty lines are skipped.</summary>
    /// <exception cref="ModelException">A line is not a question, or there is none. The message names the line.</exception>
    public static ChoiceItem[] Read(string path)
    {
        ChoiceItem[] items = [.. JsonLines.Read(path, ReadItem)];
        return items.Length > 0 ? items : throw new ModelException($"{path} has no questions.");
    }

    private static ChoiceItem ReadItem(JsonElement json, string where)
    {
        if (json.ValueKind != JsonValueKind.Object || Text(json, "question") is not string question)
        {
            throw new ModelException($"{where}: the line must be an object with the text field \"question\".");
        }

        string[] choices = Choices(json, where);
        return new ChoiceItem(question, choices, Answer(json, choices.Length, where), Text(json, "subject"));
    }

    private static string[] Choices(JsonElement json, string where)
    {
        List<string?> choices = [];
        if (json.TryGetProperty("choices", out JsonElement list))
        {
            choices = list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(AsText)] : [null];
        }
        else
        {
            while (choices.Count < ChoiceItem.MaxChoices && json.TryGetProperty(ChoiceItem.Letter(choices.Count), out JsonElement choice))
            {
                choices.Add(AsText(choice));
            }
        }

        return choices.Count is < 2 or > ChoiceItem.MaxChoices || choices.Exists(string.IsNullOrEmpty)
            ? throw new ModelException($"{where}: \"choices\" must be 2 to {ChoiceItem.MaxChoices} texts that are not empty (or fields A, B, …).")
            : [.. choices.Select(choice => choice!)];
    }

    private static int Answer(JsonElement json, int choices, string where)
    {
        int answer = -1;
        if (json.TryGetProperty("answer", out JsonElement given))
        {
            answer = given.ValueKind switch
            {
                JsonValueKind.Number when given.TryGetInt32(out int index) => index,
                JsonValueKind.String when given.GetString() is [char letter] && char.IsAsciiLetter(letter) => char.ToUpperInvariant(letter) - 'A',
                _ => -1,
            };
        }

        return answer >= 0 && answer < choices
            ? answer
            : throw new ModelException($"{where}: \"answer\" must be an index from 0 to {choices - 1} or a letter from A to {ChoiceItem.Letter(choices - 1)}.");
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? AsText(value) : null;

    private static string? AsText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
