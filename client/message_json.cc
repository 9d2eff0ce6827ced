#include "client/message_json.h"

#include <google/protobuf/descriptor.h>

#include <string>

namespace millrace::client {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Of a singular field, or of element `index` of a repeated one.
class FieldReader {
 public:
  FieldReader(const Message& message, const FieldDescriptor* field,
              Defaults defaults)
      : message_(message),
        reflection_(*message.GetReflection()),
        field_(field),
        defaults_(defaults) {}

  Json Read() const { return field_->is_map() ? ReadMap() : ReadPlain(); }

 private:
  Json ReadPlain() const {
    if (!field_->is_repeated()) return Value(-1);
    Json array = Json::array();
    for (int i = 0; i < reflection_.FieldSize(message_, field_); ++i) {
      array.push_back(Value(i));
    }
    return array;
  }

  Json ReadMap() const {
    Json object = Json::object();
    for (int i = 0; i < reflection_.FieldSize(message_, field_); ++i) {
      const Message& entry =
          reflection_.GetRepeatedMessage(message_, field_, i);
      const auto* type = entry.GetDescriptor();
      const Json key =
          FieldReader(entry, type->map_key(), defaults_).ReadPlain();
      object[key.is_string() ? key.get<std::string>() : key.dump()] =
          FieldReader(entry, type->map_value(), defaults_).ReadPlain();
    }
    return object;
  }

  Json Value(int index) const {
    const bool one = index < 0;
    const Reflection& r = reflection_;
    const Message& m = message_;
    const FieldDescriptor* f = field_;
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return one ? r.GetInt32(m, f) : r.GetRepeatedInt32(m, f, index);
      case FieldDescriptor::CPPTYPE_INT64:
        return one ? r.GetInt64(m, f) : r.GetRepeatedInt64(m, f, index);
      case FieldDescriptor::CPPTYPE_UINT32:
        return one ? r.GetUInt32(m, f) : r.GetRepeatedUInt32(m, f, index);
      case FieldDescriptor::CPPTYPE_UINT64:
        return one ? r.GetUInt64(m, f) : r.GetRepeatedUInt64(m, f, index);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return one ? r.GetDouble(m, f) : r.GetRepeatedDouble(m, f, index);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return one ? r.GetFloat(m, f) : r.GetRepeatedFloat(m, f, index);
      case FieldDescriptor::CPPTYPE_BOOL:
        return one ? r.GetBool(m, f) : r.GetRepeatedBool(m, f, index);
      case FieldDescriptor::CPPTYPE_ENUM:
        return EnumName(one ? r.GetEnumValue(m, f)
                            : r.GetRepeatedEnumValue(m, f, index));
      case FieldDescriptor::CPPTYPE_STRING:
        return one ? r.GetString(m, f) : r.GetRepeatedString(m, f, index);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ToJson(
            one ? r.GetMessage(m, f) : r.GetRepeatedMessage(m, f, index),
            defaults_);
    }
    return nullptr;
  }

  // The number, where this version does not know the name.
  Json EnumName(int number) const {
    const auto* value = field_->enum_type()->FindValueByNumber(number);
    return value == nullptr ? Json(number) : Json(value->name());
  }

  const Message& message_;
  const Reflection& reflection_;
  const FieldDescriptor* const field_;
  const Defaults defaults_;
};

bool IsSet(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0
                              : reflection.HasField(message, field);
}

}  // namespace

Json ToJson(const Message& message, Defaults defaults) {
  Json object = Json::object();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool always =
        defaults == Defaults::kWriteOut && !field->has_presence();
    if (!always && !IsSet(message, field)) continue;
    object[field->name()] = FieldReader(message, field, defaults).Read();
  }
  return object;
}

}  // namespace millrace::client
