using System.Text.Json;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// One tensor of a safetensors header. <see cref="Begin"/> and <see cref="End"/> are byte offsets from the start of the data.
/// </summary>
internal readonly record struct TensorEntry(string Name, StoredType Type, long[] Shape, long Begin, long End)
{
    // Published tensors have at most 3 dimensions.
    private const int MaxDimensions = 8;

    /// <summary>
    /// Reads the JSON object at the reader's position. Malformed JSON causes a JsonException or an InvalidOperationException.
    /// </summary>
    public static TensorEntry Read(ref Utf8JsonReader reader, string path, string name)
    {
        StoredType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            bool again = false;
            switch (field)
            {
                case "dtype":
                    again = type is not null;
                    type = ReadType(ref reader, path, name);
                    break;
                case "shape":
                    again = shape is not null;
                    shape = ReadNumbers(ref reader, path, name, field);
                    break;
                case "data_offsets":
                    again = offsets is not null;
                    offsets = ReadNumbers(ref reader, path, name, field);
                    break;
                default:
                    throw Error(path, name, $"has the unknown field \"{field}\"; allowed: dtype, shape, data_offsets");
            }

            if (again)
            {
                throw Error(path, name, $"has \"{field}\" twice; allowed: once");
            }
        }

        if (type is null || shape is null || offsets is null)
        {
            throw Error(path, name, $"lacks \"{(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}\"");
        }

        if (offsets.Length != 2)
        {
            throw Error(path, name, $"has {offsets.Length} data_offsets; allowed: two, begin and end");
        }

        return new TensorEntry(name, type.Value, shape, offsets[0], offsets[1]);
    }

    public static ModelException Error(string path, string name, string what) => new($"{path}: tensor \"{name}\" {what}.");

    private static StoredType ReadType(ref Utf8JsonReader reader, string path, string name)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && StoredTypes.TryParse(text, out StoredType type)
            ? type
            : throw Error(path, name, $"has dtype {text ?? reader.TokenType.ToString()}; allowed: {StoredTypes.AllowedNames}");
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string path, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Error(path, name, $"has a {field} that is not a list; allowed: a list of whole numbers");
        }

        var numbers = new List<long>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (numbers.Count == MaxDimensions)
            {
                throw Error(path, name, $"has a {field} of more than {MaxDimensions} numbers; allowed: at most {MaxDimensions}");
            }

            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw Error(path, name, $"has a {field} entry that is not a whole number from 0 to {long.MaxValue}");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }
}
