namespace HunyuanOrleans.Server.Generation;

/// <summary>The JSON format of a response: that of chat completions or of text completions.</summary>
internal interface IResponseFormat
{
    /// <summary>The value of gen_ai.operation.name in telemetry.</summary>
    string Operation { get; }

    /// <summary>The prefix of the response's id.</summary>
    string IdPrefix { get; }

    /// <summary>The value of the field "object" in chunks.</summary>
    string ChunkObject { get; }

    /// <summary>The value of the field "object" in a response that is not streamed.</summary>
    string ResponseObject { get; }

    /// <summary>Creates the format of one choice.</summary>
    /// <param name="index">The index of the choice in the response.</param>
    /// <param name="prompt">The index of the prompt that it answers.</param>
    IChoiceFormat CreateChoice(int index, int prompt);
}
